"""A run's log as it is written: server-sent events during the run, a JSON array after its end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kitctl.adapters.http import TransportError
from kitctl.adapters.kaggle.transport import Transport
from kitctl.domain.runs import RunRef
from kitctl.ports import LogLine

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from kitctl.adapters.http import StreamedResponse

# A quiet job is normal: this read timeout only leads to a new connection.
FOLLOW_READ_TIMEOUT_SECONDS = 120.0

# After this long without news, the log so far counts as read.
QUIET_SECONDS = 2.0

MAX_PAUSE_SECONDS = 15.0

_END = "END_OF_LOG"


class LogLines:
    """Put the pieces of a log together to whole lines, each once.

    A new connection replays the log from its start, perhaps in other pieces. So the characters of
    each stream are counted, not the pieces.
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
        """Expect the first piece of a replay next."""
        self._replayed = {}

    def take(self, piece: dict[str, Any]) -> Iterator[LogLine]:
        """Yield the lines that a piece completes."""
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
            yield LogLine(self._time, stream, _overwritten(text))

    def rest(self) -> Iterator[LogLine]:
        """Yield what is left without a newline at the end."""
        for stream, text in self._partial.items():
            if text:
                yield LogLine(self._time, stream, _overwritten(text))
        self._partial = {}


def follow(transport: Transport, run: RunRef) -> Iterator[LogLine]:
    """Yield the lines as they are written, across lost connections, until Kaggle ends the log.

    It does not end by itself while Kaggle answers: a job may be quiet for hours.
    """
    lines = LogLines()
    fruitless = 0
    while True:
        if fruitless:
            time.sleep(min(MAX_PAUSE_SECONDS, 0.25 * 2**fruitless))
        before = lines.taken
        lines.start_over()
        with _connect(transport, run, FOLLOW_READ_TIMEOUT_SECONDS) as response:
            try:
                for piece in _events(response):
                    yield from lines.take(piece)
            except _Disconnected:
                fruitless = 0 if lines.taken > before else fruitless + 1
                continue
        yield from lines.rest()
        return


def log_so_far(transport: Transport, run: RunRef, quiet_seconds: float) -> Iterator[LogLine]:
    """Yield the lines that are there; ends once nothing new has come for `quiet_seconds`."""
    lines = LogLines()
    with _connect(transport, run, quiet_seconds) as response:
        try:
            for piece in _events(response):
                yield from lines.take(piece)
        except _Disconnected:
            pass
    yield from lines.rest()


class _Disconnected(Exception):
    """The stream broke off before its end."""


def _connect(
    transport: Transport, run: RunRef, read_timeout: float
) -> AbstractContextManager[StreamedResponse]:
    return transport.stream(
        f"/v1/kernels/logs/stream/{run.kernel.owner}/{run.kernel.slug}",
        {"versionLabel": run.label},
        "text/event-stream, */*",
        read_timeout,
    )


def _events(response: StreamedResponse) -> Iterator[dict[str, Any]]:
    """Yield the pieces of one connection.

    Raises:
        _Disconnected: it broke off, perhaps in the middle of a piece.
    """
    try:
        if "text/event-stream" not in response.headers.get("Content-Type", "").lower():
            yield from _pieces(response.load().body.decode("utf-8", "replace"))
            return
        for line in response.lines():
            field, _, payload = line.decode("utf-8", "replace").partition(":")
            if field != "data":
                continue
            if payload.strip() == _END:
                return
            yield json.loads(payload)
    except (TransportError, ValueError):
        raise _Disconnected from None
    raise _Disconnected


def _pieces(text: str) -> Iterator[dict[str, Any]]:
    """Yield the pieces of a whole log; text that is not JSON is one piece."""
    try:
        value = json.loads(text)
    except ValueError:
        value = {"data": text}
    for piece in value if isinstance(value, list) else [value]:
        if isinstance(piece, dict):
            yield piece


def _seconds(time: object, default: float) -> float:
    return float(time) if isinstance(time, int | float) else default


def _overwritten(line: str) -> str:
    """Return what a terminal shows of a line that was drawn over itself by carriage returns."""
    return line.rstrip("\r").rpartition("\r")[2]
