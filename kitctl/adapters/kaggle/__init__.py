"""Kaggle through its own API: the one importer of `kaggle` and `kagglesdk`."""

from __future__ import annotations

import os
from collections.abc import Callable

from kitctl.adapters.kaggle.api import KaggleApi
from kitctl.adapters.kaggle.credentials import Credentials, find
from kitctl.adapters.kaggle.transport import TOTAL_SECONDS, Transport

__all__ = ["KaggleApi", "connect", "connect_local"]


def connect(
    *, on_wait: Callable[[str], None] = lambda _: None, total_seconds: float = TOTAL_SECONDS
) -> KaggleApi:
    """kaggle.com (or where KAGGLE_API_ENVIRONMENT points) with the user's credentials.

    `on_wait` is told why a request is being repeated; `total_seconds` is for all tries of one. The
    first request raises Refused where there are no credentials.
    """
    service, base = _destination(os.environ.get("KAGGLE_API_ENVIRONMENT", ""))
    return KaggleApi(service, Transport(base, find, on_wait=on_wait, total_seconds=total_seconds))


def _destination(environment: str) -> tuple[str, str]:
    """The service's name in the ledger and the address of its API."""
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
) -> KaggleApi:
    """A local Kaggle, with the token of its state folder."""
    transport = Transport(
        f"{endpoint.rstrip('/')}/api",
        lambda: Credentials("token", "the local Kaggle", token),
        # Loopback must not go through the user's proxy.
        direct=True,
        on_wait=on_wait,
        total_seconds=total_seconds,
    )
    return KaggleApi("local", transport)
