"""Injected faults: what a network and a busy service do to a client, when a test asks for it."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kitctl.local.http import transfers, wire
from kitctl.local.state.errors import bad_request
from kitctl.local.testing.connections import Connections

KINDS = ("latency", "status", "expired", "drop", "lost_answer")
REASONS = {429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}


@dataclass
class Fault:
    """One requested fault; its fields are the keys of the request.

    `method` is an API method ("SaveKernel"), "download", "upload", "logs", or "*" for all of them;
    `count` is the number of calls it applies to (None: until faults are cleared).
    """

    kind: str
    method: str = "*"
    count: int | None = 1
    seconds: float = 0.0  # latency: the delay before the call is served
    status: int = 503  # status: the response's status instead of the call's own response
    retry_after: float | None = None
    after_bytes: int = 0  # drop: the connection ends after this many bytes of the body
    after_events: int | None = None  # drop: or after this many events of a log stream

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Fault:
        if body.get("kind") not in KINDS:
            raise bad_request(f"A fault's kind is one of {', '.join(KINDS)}.")
        unknown = body.keys() - {field.name for field in dataclasses.fields(cls)}
        if unknown:
            raise bad_request(f"A fault has no {', '.join(sorted(unknown))}.")
        return cls(**{"count": None if body["kind"] == "latency" else 1, **body})


class Faults:
    """Pending faults, and the number of calls by method. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[Fault] = []
        self._calls: Counter[str] = Counter()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._pending.append(fault)

    def clear(self) -> None:
        """Remove every pending fault and count calls from 0."""
        with self._lock:
            self._pending.clear()
            self._calls.clear()

    def calls(self) -> dict[str, int]:
        """Return how often each method was called since the start or the last `clear`."""
        with self._lock:
            return dict(self._calls)

    def take(self, method: str) -> list[Fault]:
        """Count a call and return its faults; each is then used up by one."""
        with self._lock:
            self._calls[method] += 1
            due = [fault for fault in self._pending if fault.method in (method, "*")]
            for fault in due:
                if fault.count is not None:
                    fault.count -= 1
            self._pending = [f for f in self._pending if f.count is None or f.count > 0]
            return due


class FaultInjector:
    """ASGI middleware that serves each call with the faults that are pending for it."""

    def __init__(self, app: ASGIApp, faults: Faults, connections: Connections) -> None:
        self._app = app
        self._faults = faults
        self._connections = connections

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
                await _error_response(fault)(scope, receive, send)
                return
        cutting = [fault for fault in due if fault.kind in ("drop", "lost_answer")]
        if not cutting:
            await self._app(scope, receive, send)
        elif cutting[0].kind == "lost_answer":
            await self._app(scope, receive, _discard)
            await self._cut(scope, receive)
        else:
            await self._serve_partly(cutting[0], scope, receive, send)

    async def _serve_partly(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the call, and cut the connection where the fault says."""
        events_left, bytes_left = fault.after_events, fault.after_bytes

        async def send_partly(message: Message) -> None:
            nonlocal events_left, bytes_left
            if message["type"] != "http.response.body":
                await send(message)
                return
            body = message.get("body", b"")
            if events_left is not None:
                events = body.split(b"\n\n")[:-1][:events_left]
                part = b"".join(event + b"\n\n" for event in events)
                events_left -= len(events)
                is_last = events_left == 0
            else:
                part = body[:bytes_left]
                bytes_left -= len(part)
                is_last = bytes_left == 0
            await send({"type": "http.response.body", "body": part, "more_body": True})
            if is_last:
                raise _ConnectionCut

        try:
            await self._app(scope, receive, send_partly)
        except _ConnectionCut:
            await self._cut(scope, receive)

    async def _cut(self, scope: Scope, receive: Receive) -> None:
        """Close the client's connection, and wait until the server has noticed."""
        self._connections.close(tuple(scope["client"]))
        while (await receive())["type"] != "http.disconnect":
            pass


class _ConnectionCut(Exception):
    """The response ends here, and the connection with it."""


async def _discard(message: Message) -> None:
    """Drop a message of the response that is to be lost."""


def _error_response(fault: Fault) -> Response:
    if fault.kind == "expired":
        return transfers.storage_error(*transfers.EXPIRED)
    headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
    message = REASONS.get(fault.status, "Bad Gateway")
    return JSONResponse(
        wire.without_nulls(code=fault.status, message=message), fault.status, headers
    )


def _method(scope: Scope) -> str | None:
    """Return the name that faults and counts use for a call; None for calls without faults."""
    parts = scope["path"].strip("/").split("/")
    if parts[0] == "_files":
        return "upload" if scope["method"] == "PUT" else "download"
    if "logs" in parts and "stream" in parts:
        return "logs"
    return parts[-1] if "v1" in parts else None
