"""What every API method works with, and the type of the tables that name the methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from kitctl.local.http.fields import Body
from kitctl.local.http.signed_urls import SignedUrls
from kitctl.local.http.tokens import Tokens
from kitctl.local.runs.scheduler import Scheduler
from kitctl.local.state.local_state import LocalState


@dataclass(frozen=True)
class Api:
    """The state, the scheduler of the runs, and what responses need to name addresses."""

    state: LocalState
    scheduler: Scheduler
    signed_urls: SignedUrls
    site: str
    tokens: Tokens


Method = Callable[[Api, Body], dict[str, Any] | Response]
"""An API method; it returns JSON, or a response of its own (a redirect, a stream)."""

Methods = Mapping[str, Method]
"""Methods by the name that Kaggle's API gives them."""
