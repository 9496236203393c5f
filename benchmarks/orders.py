"""Orders to the local Kaggle that only tests and benchmarks send: seeds, faults, latency."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from typing import Any


def send_order(endpoint: str, token: str, method: str, body: Mapping[str, Any]) -> None:
    """Send one order to the local Kaggle; no proxy is used.

    Raises:
        urllib.error.HTTPError: The local Kaggle refuses it.
    """
    request = urllib.request.Request(
        f"{endpoint}/_local/{method}",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}"},
    )
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()
