"""What every API method works with, and the table that names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from kitctl.local.conductor import Conductor
from kitctl.local.links import Links
from kitctl.local.state.kaggle import Kaggle
from kitctl.local.wire import Body


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
