"""The Date header by the local Kaggle's clock, which a client reads the server's time from."""

from __future__ import annotations

from email.utils import formatdate

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kitctl.local.state.clock import ServerClock


class DateHeader:
    """ASGI middleware that adds a Date header to every response."""

    def __init__(self, app: ASGIApp, clock: ServerClock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_date(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self._clock.now(), usegmt=True)
                MutableHeaders(scope=message)["Date"] = date
            await send(message)

        await self._app(scope, receive, send_with_date)
