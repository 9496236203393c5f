"""The line below a log that is followed on a terminal: how far the run is."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kitctl.domain.results.run_progress import RunProgress
from kitctl.domain.runs import durations
from kitctl.render import streams
from kitctl.render.sparkline import curve
from kitctl.render.tables import number_text

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_SEPARATOR = " · "
_CURVE_WIDTH = 16


class LiveLine:
    """Shows the progress of a run once its log names an epoch.

    `uses_quota` is whether its hours count.
    """

    def __init__(self, *, uses_quota: bool) -> None:
        self._progress = RunProgress()
        self._uses_quota = uses_quota
        self._display: Progress | None = None
        self._task: TaskID | None = None

    def read(self, time: float, text: str) -> None:
        """Take a line of the log, before it is printed: what is printed then goes above."""
        if self._progress.read(time, text):
            self._draw()

    def close(self) -> None:
        """Remove the line."""
        if self._display is not None:
            self._display.stop()
            self._display = None

    def _draw(self) -> None:
        if self._display is None:
            self._display = _new_display()
            self._task = self._display.add_task("", total=None)
            self._display.start()
        assert self._task is not None
        width = self._display.console.width - 1
        parts = progress_parts(self._progress, uses_quota=self._uses_quota, now=datetime.now())
        # Its own file: sys.stderr is the display's now.
        text = streams.printable(fitted(parts, width), self._display.console.file)
        self._display.update(self._task, description=text)


@contextmanager
def live_line(*, is_shown: bool, uses_quota: bool) -> Iterator[LiveLine | None]:
    """Yield the line where both streams are a terminal, and remove it at the end."""
    if not (is_shown and streams.is_live(sys.stderr) and streams.is_live(sys.stdout)):
        yield None
        return
    line = LiveLine(uses_quota=uses_quota)
    try:
        yield line
    finally:
        line.close()


def progress_parts(progress: RunProgress, *, uses_quota: bool, now: datetime) -> list[str]:
    """Return what the line says, the most important part first."""
    parts = [f"epoch {progress.epoch}/{progress.epochs}"]
    values, best = progress.values, progress.best
    if values and best:
        at = f" (best {number_text(best[0])} at {best[1]})" if len(values) > 1 else ""
        parts.append(f"{progress.metric} {number_text(values[-1])}{at}")
    if (left := progress.seconds_left) is not None:
        parts.append(f"ends about {now + timedelta(seconds=left):%H:%M}")
    if (pace := progress.epoch_seconds) is not None:
        parts.append(f"{_pace(pace)} an epoch")
    if uses_quota:
        parts.append(f"{progress.seconds / 3600:.1f} h of quota")
    if len(values) > 2:
        parts.append(curve(values, _CURVE_WIDTH))
    return parts


def fitted(parts: Sequence[str], width: int) -> str:
    """Return the parts that fit into the width, the first ones first."""
    text = parts[0]
    for part in parts[1:]:
        if len(text) + len(_SEPARATOR) + len(part) <= width:
            text = f"{text}{_SEPARATOR}{part}"
    return text[:width]


def _pace(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else durations.describe(seconds)


def _new_display() -> Progress:
    from rich.progress import Progress, TextColumn
    from rich.table import Column

    column = TextColumn(
        "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="crop")
    )
    # What is printed meanwhile goes above the line.
    return Progress(column, console=streams.console(sys.stderr), transient=True)
