"""The middleware that serves calls with the faults that tests ask for."""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kitctl.local.http import transfers
from kitctl.local.http.error_bodies import error_response
from kitctl.local.state.local_state import LocalState
from kitctl.local.testing import event_forms
from kitctl.local.testing.connections import Connections
from kitctl.local.testing.faults import Fault, Faults

REASONS = {429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}
# How often a delayed effect looks at the clock, which a test may move.
POLL_SECONDS = 0.02


class FaultInjector:
    """ASGI middleware that serves each call with the faults that are pending for it."""

    def __init__(
        self, app: ASGIApp, faults: Faults, connections: Connections, state: LocalState
    ) -> None:
        self._app = app
        self._faults = faults
        self._connections = connections
        self._state = state
        # The event loop itself keeps no task alive.
        self._effects: set[asyncio.Task[None]] = set()

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
                await self._error_response(fault)(scope, receive, send)
                return
            if fault.kind == "answer":
                await self._answer(fault, scope, receive, send)
                return
            if fault.kind == "events":
                send = event_forms.rewriting(send, fault.form)
        cutting = [fault for fault in due if fault.kind in ("drop", "lost_answer")]
        if not cutting:
            await self._app(scope, receive, send)
        elif cutting[0].kind == "lost_answer":
            await self._app(scope, receive, _discard)
            await self._cut(scope, receive)
        else:
            await self._serve_partly(cutting[0], scope, receive, send)

    async def _answer(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the fault's own answer; the call takes effect if and when the fault says."""
        body = await _read(receive)
        if fault.after_effect and not fault.effect_after_seconds:
            await self._app(scope, _replay(body), _discard)
        elif fault.after_effect:
            task = asyncio.create_task(self._take_effect(fault.effect_after_seconds, scope, body))
            self._effects.add(task)
            task.add_done_callback(self._effects.discard)
        response = Response(fault.content(), fault.status, fault.headers)
        if int(response.headers.get("content-length", 0)) <= len(response.body):
            await response(scope, receive, send)
            return
        await send(
            {"type": "http.response.start", "status": fault.status, "headers": response.raw_headers}
        )
        await send({"type": "http.response.body", "body": response.body, "more_body": True})
        await self._cut(scope, receive)

    async def _take_effect(self, seconds: float, scope: Scope, body: bytes) -> None:
        clock, resets = self._state.clock, self._faults.resets
        due_at = clock.now() + seconds
        while clock.now() < due_at:
            await asyncio.sleep(POLL_SECONDS)
            if self._faults.resets != resets:
                return
        await self._app(scope, _replay(body), _discard)

    def _error_response(self, fault: Fault) -> Response:
        if fault.kind == "expired":
            return transfers.storage_error(*transfers.EXPIRED)
        headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
        message = REASONS.get(fault.status, "Bad Gateway")
        return error_response(self._state.settings, fault.status, message, headers)

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


async def _read(receive: Receive) -> bytes:
    """Return a request's whole body."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes) -> Receive:
    """Return what an application receives of a request that has been read already."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _method(scope: Scope) -> str | None:
    """Return the name that faults and counts use for a call; None for calls without faults."""
    parts = scope["path"].strip("/").split("/")
    if parts[0] == "_files":
        return "upload" if scope["method"] == "PUT" else "download"
    if "logs" in parts and "stream" in parts:
        return "logs"
    return parts[-1] if "v1" in parts else None
