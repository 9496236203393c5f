"""What every API method works with, and the table that names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from kitctl.local.http.signed_urls import Links
from kitctl.local.http.wire import Body
from kitctl.local.runs.scheduler import Conductor
from kitctl.local.state.kaggle import Kaggle


@dataclass(frozen=True)
class Api:
    """The state, the runs, and the addresses that answers name."""

    kaggle: Kaggle
    conductor: Conductor
    links: Links
    site: str
    token: str


# A method's answer: JSON, or a response of its own (a redirect, a stream).
Method = Callable[[Api, Body], dict[str, Any] | Response]
Methods = Mapping[str, Method]
