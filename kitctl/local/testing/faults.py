"""Faults on order: what a network and a busy service do to a client, when a test asks for it."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kitctl.local.http import transfers, wire
from kitctl.local.state.refusals import bad_request

KINDS = ("latency", "status", "expired", "drop", "lost_answer")


@dataclass
class Fault:
    """One order.

    `method` is an API method ("SaveKernel"), "download", "upload", "logs", or "*" for all of them;
    `count` how many calls it is for (None: until it is cleared).
    """

    kind: str
    method: str = "*"
    count: int | None = 1
    seconds: float = 0.0  # latency: so long before the call is served
    status: int = 503  # status: this answer instead of the call's own
    retry_after: float | None = None
    after_bytes: int = 0  # drop: the connection ends after so many bytes of the body
    after_events: int | None = None  # drop: or after so many events of a log stream

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Fault:
        if body.get("kind") not in KINDS:
            raise bad_request(f"A fault's kind is one of {', '.join(KINDS)}.")
        unknown = body.keys() - cls.__dataclass_fields__.keys()
        if unknown:
            raise bad_request(f"A fault has no {', '.join(sorted(unknown))}.")
        return cls(**{"count": None if body["kind"] == "latency" else 1, **body})


@dataclass
class Faults:
    """The orders that are open, and a count of the calls that came in, by method."""

    calls: Counter[str] = field(default_factory=Counter)
    _orders: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def order(self, fault: Fault) -> None:
        with self._lock:
            self._orders.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._orders.clear()
            self.calls.clear()

    def take(self, method: str) -> list[Fault]:
        """The faults for this call; each is then used up by one."""
        with self._lock:
            self.calls[method] += 1
            due = [order for order in self._orders if order.method in (method, "*")]
            for order in due:
                if order.count is not None:
                    order.count -= 1
            self._orders = [o for o in self._orders if o.count is None or o.count > 0]
            return due


class FaultyService:
    """ASGI middleware that serves each call with the faults ordered for it.

    `drop(client)` closes the connection of a client address, as it stands in the scope.
    """

    def __init__(self, app: ASGIApp, faults: Faults, drop: Callable[[Any], None]) -> None:
        self._app = app
        self._faults = faults
        self._drop = drop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = _method(scope) if scope["type"] == "http" else None
        if method is None:
            await self._app(scope, receive, send)
            return
        due = self._faults.take(method)
        for fault in due:
            await asyncio.sleep(fault.seconds)
        for fault in due:
            if fault.kind in ("status", "expired"):
                await _answer(fault)(scope, receive, send)
                return
        breaking = [fault for fault in due if fault.kind in ("drop", "lost_answer")]
        if not breaking:
            await self._app(scope, receive, send)
        elif breaking[0].kind == "lost_answer":
            await self._app(scope, receive, _nowhere)
            await self._cut(scope, receive)
        else:
            await self._serve_a_part(breaking[0], scope, receive, send)

    async def _serve_a_part(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        events, left = fault.after_events, fault.after_bytes

        async def send_a_part(message: Message) -> None:
            nonlocal events, left
            if message["type"] != "http.response.body":
                await send(message)
                return
            body = message.get("body", b"")
            if events is not None:
                pieces = body.split(b"\n\n")[:-1]
                part = b"".join(piece + b"\n\n" for piece in pieces[:events])
                events -= min(events, len(pieces))
                over = events == 0
            else:
                part = body[:left]
                left -= len(part)
                over = left == 0
            await send({"type": "http.response.body", "body": part, "more_body": True})
            if over:
                raise _Cut

        try:
            await self._app(scope, receive, send_a_part)
        except _Cut:
            await self._cut(scope, receive)

    async def _cut(self, scope: Scope, receive: Receive) -> None:
        self._drop(scope["client"])
        while (await receive())["type"] != "http.disconnect":
            pass


class _Cut(Exception):
    """The connection ends here."""


async def _nowhere(message: Message) -> None:
    """Where the answer goes that is lost."""


def _answer(fault: Fault) -> Response:
    if fault.kind == "expired":
        return transfers.storage_error(*transfers.EXPIRED)
    headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
    words = {429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}
    message = words.get(fault.status, "Bad Gateway")
    return JSONResponse(
        wire.without_nulls(code=fault.status, message=message), fault.status, headers
    )


def _method(scope: Scope) -> str | None:
    """The name that faults and counts go by; None for what they leave alone."""
    parts = scope["path"].strip("/").split("/")
    if parts[0] == "_files":
        return "upload" if scope["method"] == "PUT" else "download"
    if "logs" in parts and "stream" in parts:
        return "logs"
    return parts[-1] if "v1" in parts else None
