"""Kaggle through its own API: the only package that imports `kaggle` and `kagglesdk`."""

from __future__ import annotations

import math
import os
from collections.abc import Callable

from kitctl.adapters.kaggle.api import PAGE_SIZE, KaggleApi
from kitctl.adapters.kaggle.credentials import Credentials, find_credentials
from kitctl.adapters.kaggle.log_stream import QUIET_SECONDS
from kitctl.adapters.kaggle.transport import TOTAL_SECONDS, Transport

__all__ = ["KaggleApi", "connect", "connect_local"]


def connect(
    *,
    on_wait: Callable[[str], None] = lambda _: None,
    total_seconds: float = TOTAL_SECONDS,
    answer_within: float = math.inf,
) -> KaggleApi:
    """Return kaggle.com (or what KAGGLE_API_ENVIRONMENT names), with the user's credentials.

    `on_wait` gets the reason of every repeated request; `total_seconds` is for all tries of one,
    `answer_within` for all requests together.
    Nothing is sent yet: the first request raises Refused where there are no credentials.
    """
    service, base = _destination(os.environ.get("KAGGLE_API_ENVIRONMENT", ""))
    transport = Transport(
        base,
        find_credentials,
        on_wait=on_wait,
        total_seconds=total_seconds,
        answer_within=answer_within,
    )
    return KaggleApi(service, transport)


def _destination(environment: str) -> tuple[str, str]:
    """Return the service's name in the ledger, and the address of its API."""
    if environment in {"", "PROD"}:
        return "kaggle", "https://api.kaggle.com"
    from kagglesdk.kaggle_env import get_endpoint, get_env

    endpoint = get_endpoint(get_env())
    return endpoint, f"{endpoint}/api"


def connect_local(
    endpoint: str,
    token: str,
    *,
    on_wait: Callable[[str], None] = lambda _: None,
    total_seconds: float = TOTAL_SECONDS,
    answer_within: float = math.inf,
    page_size: int = PAGE_SIZE,
    quiet_seconds: float = QUIET_SECONDS,
) -> KaggleApi:
    """Return a local Kaggle, with the token of its state folder.

    `page_size`: files that are listed at once. `quiet_seconds`: when a log counts as read.
    """
    transport = Transport(
        f"{endpoint.rstrip('/')}/api",
        lambda: Credentials("token", "the local Kaggle", token),
        # Loopback must not go through the user's proxy.
        direct=True,
        on_wait=on_wait,
        total_seconds=total_seconds,
        answer_within=answer_within,
    )
    return KaggleApi("local", transport, page_size=page_size, quiet_seconds=quiet_seconds)
