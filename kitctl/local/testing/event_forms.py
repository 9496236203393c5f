"""Forms of a log stream's events that clients have met, other than one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.types import Message, Send

END = b"data: END_OF_LOG"


def _without_line_break(event: bytes) -> bytes:
    entry = json.loads(event.removeprefix(b"data: "))
    return b"data: " + json.dumps({**entry, "data": entry["data"].rstrip("\n")}).encode()


def _as_plain_text(event: bytes) -> bytes:
    text: str = json.loads(event.removeprefix(b"data: "))["data"]
    return b"data: " + text.rstrip("\n").encode()


def _followed_by_empty_ones(event: bytes) -> bytes:
    return event + b"\n\ndata: \n\ndata:"


FORMS: Mapping[str, Callable[[bytes], bytes]] = {
    "no_newline": _without_line_break,
    "plain": _as_plain_text,
    "empty": _followed_by_empty_ones,
}


def rewriting(send: Send, form: str) -> Send:
    """Return a `send` that gives the events of a stream another form; other responses pass."""
    is_stream = False

    async def send_rewritten(message: Message) -> None:
        nonlocal is_stream
        if message["type"] == "http.response.start":
            kind = Headers(raw=message["headers"]).get("content-type", "")
            is_stream = kind.startswith("text/event-stream")
        elif is_stream:
            message = {**message, "body": _rewrite(message.get("body", b""), FORMS[form])}
        await send(message)

    return send_rewritten


def _rewrite(body: bytes, change: Callable[[bytes], bytes]) -> bytes:
    events = body.split(b"\n\n")
    return b"\n\n".join(
        change(event) if event.startswith(b"data: ") and event != END else event for event in events
    )
