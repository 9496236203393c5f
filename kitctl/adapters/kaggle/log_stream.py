"""A run's log as it comes: server-sent events while it runs, a JSON array once it ended."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from kitctl.adapters.kaggle.transport import Transport
from kitctl.domain.runs import RunRef
from kitctl.ports import LogLine

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from http.client import HTTPResponse

# A quiet job is normal: silence this long only makes a new connection.
SILENCE_SECONDS = 120.0

# Silence this long means that there is no more for now.
QUIET_SECONDS = 2.0

LONGEST_PAUSE_SECONDS = 15.0

_END = "END_OF_LOG"


class LogLines:
    """Pieces of a log → whole lines, each once.

    A new connection replays the log from its start, and may cut it into other pieces; so what was
    already taken is counted in characters for each stream, not in pieces.
    """

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}
        self._replayed: dict[str, int] = {}
        self._partial: dict[str, str] = {}
        self._time = 0.0

    @property
    def taken(self) -> int:
        """Characters taken so far."""
        return sum(self._taken.values())

    def start_over(self) -> None:
        """The next piece is the first of a replay."""
        self._replayed = {}

    def take(self, piece: dict[str, Any]) -> Iterator[LogLine]:
        stream = str(piece.get("stream_name") or "stdout")
        data = str(piece.get("data") or "")
        before = self._replayed.get(stream, 0)
        known = max(0, self._taken.get(stream, 0) - before)
        self._replayed[stream] = before + len(data)
        new = data[known:]
        if not new:
            return
        self._taken[stream] = self._replayed[stream]
        self._time = _seconds(piece.get("time"), self._time)
        *whole, rest = (self._partial.get(stream, "") + new).split("\n")
        self._partial[stream] = rest
        for text in whole:
            yield LogLine(self._time, stream, _shown(text))

    def rest(self) -> Iterator[LogLine]:
        """What came without a newline at the end."""
        for stream, text in self._partial.items():
            if text:
                yield LogLine(self._time, stream, _shown(text))
        self._partial = {}


def lines_of(log: str) -> list[LogLine]:
    """The lines of an ended run's log, as ListKernelSessionOutput holds it."""
    lines = LogLines()
    taken = [line for piece in _pieces(log) for line in lines.take(piece)]
    return [*taken, *lines.rest()]


def follow(transport: Transport, run: RunRef) -> Iterator[LogLine]:
    """The lines as they come, over lost connections, until Kaggle says that the log has ended.

    It does not end by itself while Kaggle answers: a job may be quiet for hours.
    """
    lines = LogLines()
    fruitless = 0
    while True:
        if fruitless:
            time.sleep(min(LONGEST_PAUSE_SECONDS, 0.25 * 2**fruitless))
        before = lines.taken
        lines.start_over()
        with _connected(transport, run) as response:
            try:
                for piece in _stream(response):
                    yield from lines.take(piece)
            except _Lost:
                fruitless = 0 if lines.taken > before else fruitless + 1
                continue
        yield from lines.rest()
        return


def so_far(transport: Transport, run: RunRef) -> Iterator[LogLine]:
    """The lines that are there; ends once the log is quiet for a moment."""
    lines = LogLines()
    with _connected(transport, run, QUIET_SECONDS) as response:
        try:
            for piece in _stream(response):
                yield from lines.take(piece)
        except _Lost:
            pass
    yield from lines.rest()


class _Lost(Exception):
    """The stream broke off before its end."""


def _connected(
    transport: Transport, run: RunRef, silence: float = SILENCE_SECONDS
) -> AbstractContextManager[HTTPResponse]:
    return transport.streamed(
        f"/v1/kernels/logs/stream/{run.kernel.owner}/{run.kernel.slug}",
        {"versionLabel": run.label},
        "text/event-stream, */*",
        silence,
    )


def _stream(response: HTTPResponse) -> Iterator[dict[str, Any]]:
    """The pieces of one connection; raises _Lost where it breaks off."""
    try:
        if "text/event-stream" not in (response.getheader("Content-Type") or "").lower():
            yield from _pieces(response.read().decode("utf-8", "replace"))
            return
        for line in response:
            field, _, payload = line.decode("utf-8", "replace").partition(":")
            if field != "data":
                continue
            if payload.strip() == _END:
                return
            yield json.loads(payload)
    except (OSError, HTTPException, ValueError):
        # A connection that broke off, perhaps in the middle of a piece.
        raise _Lost from None
    raise _Lost


def _pieces(text: str) -> Iterator[dict[str, Any]]:
    """A whole log; what is no JSON is taken as the log's own words."""
    try:
        read = json.loads(text)
    except ValueError:
        read = {"data": text}
    for piece in read if isinstance(read, list) else [read]:
        if isinstance(piece, dict):
            yield piece


def _seconds(time: object, default: float) -> float:
    return float(time) if isinstance(time, int | float) else default


def _shown(line: str) -> str:
    """What a terminal would show of a line that was drawn over itself."""
    return line.rstrip("\r").rpartition("\r")[2]
