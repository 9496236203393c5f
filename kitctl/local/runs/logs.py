"""A run's log: written line by line while it runs, read whole or followed.

The file holds one JSON object a line, `{"stream_name", "time", "data"}`, so that a killed server
loses nothing of it.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType

# The writer is another thread, or was another process: the reader looks for new lines.
POLL_SECONDS = 0.05


class LogWriter:
    """Append to a run's log; threads may share it.

    `seconds` returns the time of a line: seconds since the run's start.
    """

    def __init__(self, file: Path, seconds: Callable[[], float]) -> None:
        self._lock = threading.Lock()
        self._seconds = seconds
        self._file = file.open("a", encoding="utf-8")

    def write(self, stream: str, data: str) -> None:
        """Add one line, with its line break, of "stdout" or "stderr"."""
        with self._lock:
            entry = {"stream_name": stream, "time": round(self._seconds(), 6), "data": data}
            self._file.write(json.dumps(entry) + "\n")
            self._file.flush()

    def __enter__(self) -> LogWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()


def read_all(file: Path) -> str:
    """Return the whole log as one JSON array."""
    if not file.exists():
        return "[]"
    return "[" + ",\n".join(file.read_text("utf-8").splitlines()) + "]"


async def follow(file: Path, has_ended: Callable[[], bool]) -> AsyncIterator[list[str]]:
    """Yield the new lines every `POLL_SECONDS`, possibly none, until the run has ended."""
    position = 0
    while True:
        # Ask before reading: all that was written before the end is then read.
        is_last = has_ended()
        lines, position = _read_from(file, position)
        yield lines
        if is_last:
            return
        await asyncio.sleep(POLL_SECONDS)


def _read_from(file: Path, position: int) -> tuple[list[str], int]:
    """Return the complete lines after `position`, and where they end."""
    if not file.exists():
        return [], position
    with file.open("rb") as source:
        source.seek(position)
        lines, _, _ = source.read().rpartition(b"\n")
    if not lines:
        return [], position
    return lines.decode("utf-8").split("\n"), position + len(lines) + 1
