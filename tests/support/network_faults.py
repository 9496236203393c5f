"""Faults that a network, a proxy or Kaggle itself puts in the place of an answer."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from support.local_kaggle import LocalKaggle

JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html"}
STREAM = {"Content-Type": "text/event-stream"}
WHOLE = json.dumps({"message": "a whole answer"} | {"padding": "x" * 200}).encode()
PACKED = gzip.compress(WHOLE, mtime=0)

ONCE, LONG, ALWAYS = "once", "20 s", "always"
DURATIONS = (ONCE, LONG, ALWAYS)
LONG_SECONDS = 20.0


@dataclass(frozen=True)
class NetworkFault:
    """An answer as it is sent; without a status the connection ends, or waits `seconds` first.

    `is_word` says that it is an answer which Kaggle may mean.
    """

    status: int | None = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    is_word: bool = False

    def inject(self, server: LocalKaggle, method: str, count: int | None) -> None:
        if self.status is not None:
            headers, body = dict(self.headers), self.body
            server.answer(method, body, self.status, headers, count=count)
        elif self.seconds:
            server.fault("latency", method, seconds=self.seconds, count=count)
        else:
            server.fault("drop", method, after_bytes=0, count=count)


def _words(status: int, *, nested: bool) -> bytes:
    error = {"code": status, "message": "Permission was denied"}
    return json.dumps({"error": error} if nested else error).encode()


FAULTS: dict[str, NetworkFault] = {
    "html": NetworkFault(body=b"<html>Sign in</html>", headers=HTML),
    "empty": NetworkFault(),
    "empty stream": NetworkFault(headers=STREAM),
    "no content": NetworkFault(204),
    "cut json": NetworkFault(body=WHOLE[:-9], headers=JSON),
    "cut body": NetworkFault(body=WHOLE[:50], headers={**JSON, "Content-Length": "900"}),
    "bad gzip": NetworkFault(
        body=PACKED[:20] + bytes(30), headers={**JSON, "Content-Encoding": "gzip"}
    ),
    "null": NetworkFault(body=b"null", headers=JSON),
    "list": NetworkFault(body=b"[7]", headers=JSON),
    "empty list": NetworkFault(body=b"[]", headers=JSON),
    "redirect": NetworkFault(302, headers={"Location": "/elsewhere"}),
    "429": NetworkFault(429, headers={"Retry-After": "1"}),
    **{str(status): NetworkFault(status) for status in (500, 501, 503, 520, 529, 599)},
    "error in 200": NetworkFault(body=_words(503, nested=True), headers=JSON),
    "401": NetworkFault(401, _words(401, nested=True), JSON, is_word=True),
    "403": NetworkFault(403, _words(403, nested=False), JSON, is_word=True),
    "404": NetworkFault(404, _words(404, nested=True), JSON, is_word=True),
    "dropped": NetworkFault(None),
    "slow": NetworkFault(None, seconds=3.0),
}


@contextmanager
def faulty(server: LocalKaggle, method: str, name: str, duration: str) -> Iterator[None]:
    """Answer a method with a fault during the block: once, for 20 s, or always."""
    FAULTS[name].inject(server, method, 1 if duration == ONCE else None)
    timer = threading.Timer(LONG_SECONDS, server.clear_faults)
    timer.daemon = True
    if duration == LONG:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
        server.clear_faults()
