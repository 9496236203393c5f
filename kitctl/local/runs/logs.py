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

from starlette.responses import StreamingResponse

# The writer is another thread, or was another process: the file is looked at again so often.
LOOK_SECONDS = 0.05
KEEP_ALIVE_LOOKS = 200


class LogWriter:
    """Appends to a run's log; threads may share it."""

    def __init__(self, file: Path, seconds: Callable[[], float]) -> None:
        self._lock = threading.Lock()
        self._seconds = seconds
        self._file = file.open("a", encoding="utf-8")

    def write(self, stream: str, data: str) -> None:
        """Add one line (with its line break) of "stdout" or "stderr"."""
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


def whole(file: Path) -> str:
    """All of a log as one JSON array."""
    if not file.exists():
        return "[]"
    return "[" + ",\n".join(file.read_text("utf-8").splitlines()) + "]"


def live(file: Path, ended: Callable[[], bool]) -> StreamingResponse:
    """A log as server-sent events, from its start until the run's end."""
    return StreamingResponse(_events(file, ended), media_type="text/event-stream")


async def _events(file: Path, ended: Callable[[], bool]) -> AsyncIterator[str]:
    position = 0
    quiet = 0
    while True:
        # Asked before reading: what was written up to the end is then read.
        over = ended()
        lines, position = _read(file, position)
        if lines:
            yield "".join(f"data: {line}\n\n" for line in lines)
            quiet = 0
        if over:
            yield "data: END_OF_LOG\n\n"
            return
        await asyncio.sleep(LOOK_SECONDS)
        quiet += 1
        if quiet % KEEP_ALIVE_LOOKS == 0:
            yield ": still running\n\n"


def _read(file: Path, position: int) -> tuple[list[str], int]:
    """The whole lines after `position`, and where they end."""
    if not file.exists():
        return [], position
    with file.open("rb") as source:
        source.seek(position)
        lines, _, _ = source.read().rpartition(b"\n")
    if not lines:
        return [], position
    return lines.decode("utf-8").split("\n"), position + len(lines) + 1
