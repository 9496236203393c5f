"""A record of the requests that clients send, so that tests can compare two clients."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Headers that say what a body is part of.
HEADERS = ("content-range", "content-length", "content-type")


class Recorder:
    """The requests since `start`: verb, path, headers, and the JSON of the body or its hash."""

    def __init__(self) -> None:
        self._requests: list[dict[str, Any]] | None = None

    def start(self) -> None:
        self._requests = []

    def stop(self) -> list[dict[str, Any]]:
        """Return the requests, in the order in which they ended."""
        requests, self._requests = self._requests or [], None
        return requests

    @property
    def is_on(self) -> bool:
        return self._requests is not None

    def add(self, scope: Scope, body: bytes) -> None:
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        is_json = headers.get("content-type", "").startswith("application/json")
        record = {
            "path": scope["path"],
            "verb": scope["method"],
            "headers": {name: headers[name] for name in HEADERS if name in headers},
            "bytes": len(body),
        }
        if is_json:
            record["body"] = json.loads(body or b"{}")
        else:
            record["sha256"] = hashlib.sha256(body).hexdigest()
        if self._requests is not None:
            self._requests.append(record)


class RequestRecorder:
    """ASGI middleware that records each request's body as it is received."""

    def __init__(self, app: ASGIApp, recorder: Recorder) -> None:
        self._app = app
        self._recorder = recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._recorder.is_on:
            await self._app(scope, receive, send)
            return
        received = bytearray()

        async def receive_and_keep() -> Message:
            message = await receive()
            received.extend(message.get("body", b""))
            return message

        try:
            await self._app(scope, receive_and_keep, send)
        finally:
            self._recorder.add(scope, bytes(received))
