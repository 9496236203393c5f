"""How far something is: a bar on a terminal, else a plain line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from kitctl.render import streams

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn, TaskID


def columns(unit: str) -> list[ProgressColumn]:
    """Return what a bar shows: of bytes their speed as well, of anything else how many."""
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TransferSpeedColumn,
    )

    text = TextColumn("{task.description}", markup=False)
    if unit == "bytes":
        return [text, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeElapsedColumn()]
    counted = [MofNCompleteColumn(), TextColumn(unit)] if unit else []
    return [text, BarColumn(), *counted, TimeElapsedColumn()]


class LiveBar:
    """A row of a live display, which is redrawn in place."""

    def __init__(self, progress: Progress, text: str, total: float | None) -> None:
        self._progress = progress
        self._task: TaskID = progress.add_task(self._own(text), total=total)

    def update(self, *, completed: float, total: float | None = None) -> None:
        self._progress.update(self._task, completed=completed, total=total)

    def describe(self, text: str, aside: str = "") -> None:
        self._progress.update(self._task, description=self._own(f"{text}{aside}"))

    def advance(self, amount: float = 1) -> None:
        self._progress.advance(self._task, amount)

    def log(self, line: str) -> None:
        self._progress.console.print(self._printable(line), soft_wrap=True)

    def remove(self) -> None:
        self._progress.remove_task(self._task)

    def _own(self, text: str) -> str:
        return self._printable(streams.translated(text, self._progress.console.file))

    def _printable(self, text: str) -> str:
        return streams.printable(text, self._progress.console.file)


class PlainBar:
    """Plain lines in place of a bar, one in `seconds` at most; `write` writes a line."""

    def __init__(
        self, write: Callable[[str], None], text: str, total: float | None, *, seconds: float
    ) -> None:
        self._write, self._text, self._total, self._seconds = write, text, total, seconds
        self._completed = 0.0
        self._next = time.monotonic() + seconds
        self._last_line = ""

    def update(self, *, completed: float, total: float | None = None) -> None:
        self._total = self._total if total is None else total
        self.advance(completed - self._completed)

    def describe(self, text: str, aside: str = "") -> None:
        # A new text is written at once; numbers can wait.
        if text != self._text or time.monotonic() >= self._next:
            self._text = text
            self.draw(aside)

    def advance(self, amount: float = 1) -> None:
        self._completed += amount
        if time.monotonic() >= self._next:
            self.draw()

    def log(self, line: str) -> None:
        # The log shows that there is progress: the bar's own lines would only interrupt it.
        self._next = time.monotonic() + self._seconds
        self._write(line)

    def draw(self, aside: str = "") -> None:
        """Write a line, unless it would repeat the last one."""
        self._next = time.monotonic() + self._seconds
        share = f" {100 * self._completed / self._total:.0f} %" if self._total else ""
        shown = share if self._completed else ""
        line = f"{self._text}{shown}"
        if line != self._last_line:
            self._last_line = line
            text = f"{self._text}{aside}{'' if self._completed else ' …'}"
            self._write(f"{streams.translated(text, sys.stderr)}{shown}")
