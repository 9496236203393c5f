"""Whole lines out of the pieces of a log, each once, however often its start is sent again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kitctl.ports import LogLine

# Thirty years: what is later is no time of a run.
MAX_SECONDS = 1e9

# Characters; a longer line becomes several.
LONGEST_LINE = 16_000_000


@dataclass
class _Position:
    """A place in a stream of text: characters without line ends, and line ends after the last.

    So it is the same place whether a piece was sent with its line end or without.
    """

    characters: int = 0
    line_ends: int = 0

    def advance(self, text: str) -> None:
        before_line_ends = text.rstrip("\n")
        if before_line_ends:
            self.characters += len(before_line_ends) - before_line_ends.count("\n")
            self.line_ends = 0
        self.line_ends += len(text) - len(before_line_ends)

    def index_in(self, text: str, start: _Position) -> int:
        """Return where this place is in a text that begins at `start`; its length if after it."""
        left = self.characters - start.characters
        line_ends = self.line_ends - (0 if left else start.line_ends)
        index = 0
        while left and index < len(text):
            line_end = text.find("\n", index)
            line_end = len(text) if line_end < 0 else line_end
            known = min(left, line_end - index)
            left -= known
            index += known
            if left:
                index += 1
        while not left and line_ends > 0 and text.startswith("\n", index):
            line_ends -= 1
            index += 1
        return min(index, len(text))


class LogLines:
    """Put the pieces of a log together to whole lines, each once.

    A new connection replays the log from its start, perhaps in other pieces. So places in each
    stream are compared, not pieces.
    """

    def __init__(self) -> None:
        self._read_to: dict[str, _Position] = defaultdict(_Position)
        self._replayed_to: dict[str, _Position] = defaultdict(_Position)
        self._partial: dict[str, str] = {}
        self._time = 0.0
        self.character_count = 0
        """Characters read so far, each once."""

    def start_over(self) -> None:
        """Expect the first piece of a replay next."""
        self._replayed_to.clear()

    def take(self, piece: dict[str, Any]) -> Iterator[LogLine]:
        """Yield the lines that a piece completes."""
        stream = str(piece.get("stream_name") or "stdout")
        data = text_of(piece)
        new = data[self._read_to[stream].index_in(data, self._replayed_to[stream]) :]
        self._replayed_to[stream].advance(data)
        if not new:
            return
        self._read_to[stream].advance(new)
        self.character_count += len(new)
        self._time = _seconds(piece.get("time"), self._time)
        *whole, rest = (self._partial.get(stream, "") + new).split("\n")
        if len(rest) > LONGEST_LINE:
            rest = _last_drawn(rest)
        if len(rest) > LONGEST_LINE:
            whole, rest = [*whole, rest], ""
        self._partial[stream] = rest
        for text in whole:
            yield LogLine(self._time, stream, _overwritten(text))

    def rest(self) -> Iterator[LogLine]:
        """Yield what is left without a newline at the end."""
        for stream, text in self._partial.items():
            if text:
                yield LogLine(self._time, stream, _overwritten(text))
        self._partial = {}


def text_of(piece: dict[str, Any]) -> str:
    """Return the text of a piece, which may be empty."""
    data = piece.get("data")
    return "" if data is None else str(data)


def _seconds(time: object, default: float) -> float:
    """Return a time in seconds; the default where it is none, such as NaN, 1e400 or a text."""
    if not isinstance(time, int | float) or isinstance(time, bool):
        return default
    return float(time) if 0 <= time < MAX_SECONDS else default


def _overwritten(line: str) -> str:
    """Return what a terminal shows of a line that was drawn over itself by carriage returns."""
    return _last_drawn(line).rstrip("\r")


def _last_drawn(line: str) -> str:
    """Return the part of an unfinished line that nothing has been drawn over yet."""
    start = line.rstrip("\r").rpartition("\r")[2]
    return start + "\r" * (len(line) - len(line.rstrip("\r")))
