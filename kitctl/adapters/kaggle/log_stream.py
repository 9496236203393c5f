"""A run's log as it is written: server-sent events during the run, a JSON array after its end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from kitctl.adapters.http import TransportError
from kitctl.adapters.kaggle.json_text import JsonText, read_array
from kitctl.adapters.kaggle.log_lines import LogLines, text_of
from kitctl.adapters.kaggle.timed_reading import ReadingLimits, read_for_a_while
from kitctl.adapters.kaggle.transport import Transport
from kitctl.domain.runs.run import RunRef
from kitctl.errors import InvalidInput, KitError, NetworkFailed
from kitctl.ports import LogLine

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from kitctl.adapters.http import StreamedResponse

# A quiet job is normal: this read timeout only leads to a new connection. Kaggle sends no headers
# before the run has a log, which may take a minute and more.
READ_TIMEOUT_SECONDS = 120.0

# After this long without news, the log so far counts as read.
QUIET_SECONDS = 2.0

# How long the log so far is asked for while Kaggle sends nothing of it.
PATIENCE_SECONDS = 30.0

MAX_PAUSE_SECONDS = 15.0

_END = "END_OF_LOG"


def follow(transport: Transport, run: RunRef) -> Iterator[LogLine]:
    """Yield the lines as they are written, across whatever may pass, until Kaggle ends the log.

    It does not end by itself: a job may be quiet for hours.

    Raises:
        KitError: Kaggle has no log yet, or does not answer; no line was yielded before.
    """
    lines = LogLines()
    fruitless = 0
    while True:
        before = lines.character_count
        try:
            yield from _lines_of_connection(lines, transport, run, _all_pieces)
            break
        except _Disconnected:
            pass
        except KitError:
            # A new call would begin with the first line again.
            if not lines.character_count:
                raise
        fruitless = 0 if lines.character_count > before else fruitless + 1
        _pause(fruitless)
    yield from lines.rest()


def log_so_far(transport: Transport, run: RunRef, quiet_seconds: float) -> Iterator[LogLine]:
    """Yield the lines that are there; ends once it has caught up with the run.

    Raises:
        KitError: Kaggle sends no log, or not all of it.
    """
    lines = LogLines()
    limits = ReadingLimits(quiet_seconds=quiet_seconds)

    def pieces(response: StreamedResponse) -> Iterator[dict[str, Any]]:
        return read_for_a_while(_pieces(response), _size, response.interrupt, limits)

    fruitless, last_news = 0, time.monotonic()
    while True:
        before = lines.character_count
        try:
            yield from _lines_of_connection(lines, transport, run, pieces)
            if lines.character_count or fruitless:
                break
            fruitless = 1  # A log without a line may be another's answer.
        except (_Disconnected, NetworkFailed, InvalidInput) as error:
            has_news = lines.character_count > before
            if isinstance(error, _Disconnected) and error.after_pieces and not has_news:
                break  # It broke off after all that was known: there is no more yet.
            fruitless = 0 if has_news else fruitless + 1
            last_news = time.monotonic() if has_news else last_news
            if time.monotonic() - last_news > PATIENCE_SECONDS:
                raise _incomplete(error) from None
        _pause(fruitless)
    yield from lines.rest()


class _Disconnected(Exception):
    """The stream broke off before its end, or was none; `after_pieces` says if it had any."""

    def __init__(self, *, after_pieces: bool) -> None:
        super().__init__()
        self.after_pieces = after_pieces


def _lines_of_connection(
    lines: LogLines,
    transport: Transport,
    run: RunRef,
    pieces: Callable[[StreamedResponse], Iterator[dict[str, Any]]],
) -> Iterator[LogLine]:
    """Yield what one connection has of the log that is not in `lines` yet."""
    lines.start_over()
    with _connect(transport, run) as response:
        for piece in pieces(response):
            yield from lines.take(piece)


def _connect(transport: Transport, run: RunRef) -> AbstractContextManager[StreamedResponse]:
    return transport.stream(
        f"/v1/kernels/logs/stream/{run.kernel.owner}/{run.kernel.slug}",
        {"versionLabel": run.label},
        "text/event-stream, */*",
        READ_TIMEOUT_SECONDS,
    )


def _pieces(response: StreamedResponse) -> Iterator[dict[str, Any]]:
    """Yield the pieces of one connection.

    Raises:
        _Disconnected: it broke off, perhaps in the middle of a piece, or is no log.
    """
    has_pieces = False
    is_stream = "text/event-stream" in response.headers.get("Content-Type", "").lower()
    try:
        for piece in _events(response) if is_stream else _array(response):
            has_pieces = True
            yield piece
    except (TransportError, ValueError):
        raise _Disconnected(after_pieces=has_pieces) from None


def _all_pieces(response: StreamedResponse) -> Iterator[dict[str, Any]]:
    return _pieces(response)


def _events(response: StreamedResponse) -> Iterator[dict[str, Any]]:
    """Yield an event each as a line of its own; raises ValueError without an END_OF_LOG."""
    pending: dict[str, Any] | None = None
    for line in response.lines():
        field, _, value = line.decode("utf-8", "replace").partition(":")
        payload = value.removesuffix("\n").removesuffix("\r").removeprefix(" ")
        if field == "data" and payload.strip() == _END:
            return
        if field != "data" or not payload.strip() or not value.endswith("\n"):
            continue
        if pending is not None:
            yield pending
        piece, is_error = _parse_event(payload)
        # An error that ends the connection is Kaggle's; one that does not was printed by the job.
        pending = piece if is_error else None
        if not is_error and text_of(piece):
            yield piece
    raise ValueError("The stream has no end.")


def _parse_event(payload: str) -> tuple[dict[str, Any], bool]:
    """Return a piece of one line, and whether it may be an error; what is no piece is text."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict) and "data" in value:
        text = text_of(value)
        return {**value, "data": text if not text or text.endswith("\n") else f"{text}\n"}, False
    is_error = isinstance(value, dict) and ("error" in value or "code" in value)
    return {"data": f"{payload}\n"}, is_error


def _array(response: StreamedResponse) -> Iterator[dict[str, Any]]:
    """Yield the pieces of a finished log; raises ValueError for anything but a whole one."""
    for piece in read_array(JsonText(response.text())):
        if not isinstance(piece, dict):
            raise ValueError("This is no log.")
        yield piece


def _size(piece: dict[str, Any]) -> int:
    return len(text_of(piece))


def _pause(fruitless: int) -> None:
    """Wait before the next connection, the longer the more of them brought nothing."""
    if fruitless:
        time.sleep(min(MAX_PAUSE_SECONDS, 0.25 * 2 ** min(fruitless, 10)))


def _incomplete(error: Exception) -> KitError:
    if isinstance(error, KitError):
        return error
    return NetworkFailed(
        "Kaggle did not send the log: its answers break off, or are no log.",
        code="no_log",
        hint="Try again in a minute.",
    )
