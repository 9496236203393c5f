"""The talk of a command, on stderr: sentences, warnings, hints and progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kitctl.errors import Hint, KitError, hint_text
from kitctl.render import streams

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn, TaskID

    from kitctl.operations.shared.reporter import ProgressBar

_RED, _YELLOW, _DIM, _PLAIN = "\033[1;31m", "\033[33m", "\033[2m", "\033[0m"

# Seconds between two plain lines of progress, where no line can be redrawn.
PLAIN_EVERY = 5.0


class Console:
    """Speaks on stderr. `quiet` leaves only warnings and errors."""

    def __init__(
        self, *, quiet: bool = False, hint_text: Callable[[Hint], str] = hint_text
    ) -> None:
        self._quiet = quiet
        self._hint_text = hint_text
        self._progress: Progress | None = None

    def info(self, text: str) -> None:
        if not self._quiet:
            self._line(text)

    def hint(self, hint: Hint, *, label: str = "") -> None:
        if not self._quiet:
            self._line(f"{label}{self._hint_text(hint)}", style=_DIM)

    def warn(self, text: str) -> None:
        self._line(text, label="warning: ", style=_YELLOW)

    def fail(self, error: KitError) -> None:
        """The sentence, each mistake on its own line, and the next thing to do."""
        self._line(error.message, label="error: ", style=_RED)
        for problem in error.problems:
            self._line(f"  • {problem}")
        if error.hint:
            self._line(self._hint_text(error.hint), label="next: ", style=_DIM)

    @contextmanager
    def progress(
        self, text: str, *, total: float | None = None, unit: str = ""
    ) -> Iterator[ProgressBar]:
        """A bar on a terminal, else plain lines now and then; nothing but the log when quiet."""
        if self._quiet:
            yield _PlainBar(self, text, total, every=float("inf"))
        elif self._progress is not None:
            bar = _RichBar(self._progress, text, total)
            try:
                yield bar
            finally:
                bar.remove()
        elif streams.is_live(sys.stderr):
            with self._live(unit) as progress:
                yield _RichBar(progress, text, total)
        else:
            lines = _PlainBar(self, text, total, every=PLAIN_EVERY)
            lines.draw()
            yield lines

    @contextmanager
    def _live(self, unit: str) -> Iterator[Progress]:
        from rich.progress import Progress

        self._progress = Progress(
            *_columns(unit),
            console=streams.console(sys.stderr),
            transient=True,
            # What is printed goes above the bar; where stdout leads elsewhere, it goes there.
            redirect_stdout=streams.is_live(sys.stdout),
        )
        try:
            with self._progress as progress:
                yield progress
        finally:
            self._progress = None

    def _line(self, text: str, *, label: str = "", style: str = "") -> None:
        label, text = streams.shown(label, sys.stderr), streams.shown(text, sys.stderr)
        if self._progress is not None:
            self._progress.console.print(f"{label}{text}", soft_wrap=True)
            return
        if style and streams.has_colour(sys.stderr):
            # A label carries the colour where there is one, else the whole line does.
            text = f"{style}{label}{_PLAIN}{text}" if label else f"{style}{text}{_PLAIN}"
        else:
            text = f"{label}{text}"
        print(text, file=sys.stderr, flush=True)


def _columns(unit: str) -> list[ProgressColumn]:
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


class _RichBar:
    def __init__(self, progress: Progress, text: str, total: float | None) -> None:
        self._progress = progress
        self._task: TaskID = progress.add_task(text, total=total)

    def update(self, *, completed: float, total: float | None = None) -> None:
        self._progress.update(self._task, completed=completed, total=total)

    def describe(self, text: str, aside: str = "") -> None:
        self._progress.update(self._task, description=f"{text}{aside}")

    def advance(self, amount: float = 1) -> None:
        self._progress.advance(self._task, amount)

    def log(self, line: str) -> None:
        self._progress.console.print(
            streams.shown(line, self._progress.console.file), soft_wrap=True
        )

    def remove(self) -> None:
        self._progress.remove_task(self._task)


class _PlainBar:
    def __init__(self, talk: Console, text: str, total: float | None, *, every: float) -> None:
        self._talk, self._text, self._total, self._every = talk, text, total, every
        self._completed = 0.0
        self._next = time.monotonic() + every
        self._drawn = ""

    def update(self, *, completed: float, total: float | None = None) -> None:
        self._total = self._total if total is None else total
        self.advance(completed - self._completed)

    def describe(self, text: str, aside: str = "") -> None:
        # Another text is news at once; numbers can wait.
        if text != self._text or time.monotonic() >= self._next:
            self._text = text
            self.draw(aside)

    def advance(self, amount: float = 1) -> None:
        self._completed += amount
        if time.monotonic() >= self._next:
            self.draw()

    def log(self, line: str) -> None:
        # Lines that come say enough: the bar's own would only interrupt them.
        self._next = time.monotonic() + self._every
        self._talk.info(line)

    def draw(self, aside: str = "") -> None:
        """Says how it stands, unless that is what it said last."""
        self._next = time.monotonic() + self._every
        share = f" {100 * self._completed / self._total:.0f} %" if self._total else ""
        line = f"{self._text}{share if self._completed else ''}"
        if line != self._drawn:
            self._drawn = line
            self._talk.info(f"{line}{aside}{'' if self._completed else ' …'}")
