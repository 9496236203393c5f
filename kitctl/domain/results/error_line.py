"""The line of a failed run's log that says why it failed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Line = TypeVar("Line")

LONGEST_LINE = 300
"""Characters that are kept of it."""

# A line that names an error counts only if it is among the last of the log.
LAST_LINES = 200

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_NAMED = re.compile(r"([A-Za-z_]\w*\.)*[A-Za-z_]\w*(Error|Exception|Interrupt|Exit)(: .*)?")
_SAID = re.compile(r"(\S+: )?(fatal )?error: .+", re.IGNORECASE)
_ERROR = re.compile(r"^error: ", re.IGNORECASE)
_TRACEBACK = "Traceback (most recent call last):"
# What the local Kaggle says of the machine, in the first line of a log.
_FROM_SERVER = "local Kaggle: "


class ErrorLineReader:
    """Read a log line by line; `line` is then its last error, "" where it names none.

    That is the exception at the end of a traceback, a line such as `ValueError: …` or `error: …`,
    else the last line on stderr; without the word "error: " before it.
    """

    def __init__(self) -> None:
        self._error, self._error_at = "", 0
        self._stderr = ""
        self._lines = 0
        self._in_traceback = False

    @property
    def line(self) -> str:
        is_recent = self._lines - self._error_at < LAST_LINES
        line = self._error if self._error and is_recent else self._stderr
        return _ERROR.sub("", line)[:LONGEST_LINE]

    def read(self, stream: str, text: str) -> None:
        """Take the next line of the log."""
        self._lines += 1
        # A progress bar redraws its line: the last state counts.
        line = _ESCAPES.sub("", text).rstrip().rpartition("\r")[2]
        if not line.strip():
            return
        ends_traceback = self._in_traceback and not line[0].isspace()
        self._in_traceback = line == _TRACEBACK or (self._in_traceback and not ends_traceback)
        if ends_traceback or _NAMED.fullmatch(line) or _SAID.fullmatch(line):
            self._error, self._error_at = line.strip(), self._lines
        elif stream == "stderr" and not self._in_traceback and not line.startswith(_FROM_SERVER):
            self._stderr = line.strip()

    def reading(
        self, lines: Iterable[Line], parts: Callable[[Line], tuple[str, str]]
    ) -> Iterator[Line]:
        """Pass on the lines of a log while they are read; `parts` are a line's stream and text."""
        for line in lines:
            self.read(*parts(line))
            yield line
