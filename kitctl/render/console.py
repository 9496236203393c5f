"""What a command writes on stderr: sentences, warnings, hints and progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kitctl.errors import Hint, KitError, hint_text, map_texts
from kitctl.render import streams
from kitctl.render.progress_bars import LiveBar, PlainBar, columns

if TYPE_CHECKING:
    from rich.progress import Progress

    from kitctl.ports import ProgressBar

_RED, _YELLOW, _DIM, _PLAIN = "\033[1;31m", "\033[33m", "\033[2m", "\033[0m"


class Console:
    """Writes on stderr; `quiet` leaves only warnings and errors.

    `hint_text` makes a hint a text. Where no line can be redrawn, a plain line of progress comes
    every `plain_seconds` at most.
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        hint_text: Callable[[Hint], str] = hint_text,
        plain_seconds: float = 5.0,
    ) -> None:
        self._quiet = quiet
        self._hint_text = hint_text
        self._plain_seconds = plain_seconds
        self._progress: Progress | None = None

    def info(self, text: str) -> None:
        if not self._quiet:
            self._line(self._translated(text), wraps=True)

    def hint(self, hint: Hint, *, label: str = "") -> None:
        if not self._quiet:
            text = self._hint_text(map_texts(hint, self._translated))
            self._line(f"{self._translated(label)}{text}", style=_DIM)

    def warn(self, text: str) -> None:
        label = self._translated("warning: ")
        self._line(self._translated(text), label=label, style=_YELLOW, wraps=True)

    def fail(self, error: KitError) -> None:
        """Write what went wrong, each mistake on its own line, and the next thing to do."""
        label = self._translated("error: ")
        self._line(self._translated(error.message), label=label, style=_RED, wraps=True)
        for problem in error.problems:
            parts = (self._translated(part) for part in (problem.message, problem.fix))
            self._line(f"  • {' '.join(filter(None, [f'{problem.where}:', *parts]))}")
        if error.hint:
            hint = self._hint_text(map_texts(error.hint, self._translated))
            self._line(hint, label=self._translated("next: "), style=_DIM)

    @contextmanager
    def progress(
        self, text: str, *, total: float | None = None, unit: str = ""
    ) -> Iterator[ProgressBar]:
        """Show how far the block is: a bar on a terminal, else plain lines; quiet: nothing.

        `unit` is "bytes" or the plural of what `total` counts.
        """
        if self._quiet:
            yield PlainBar(lambda _: None, text, total, seconds=float("inf"))
        elif self._progress is not None:
            bar = LiveBar(self._progress, text, total)
            try:
                yield bar
            finally:
                bar.remove()
        elif streams.is_live(sys.stderr):
            with self._live(unit) as progress:
                yield LiveBar(progress, text, total)
        else:
            lines = PlainBar(self._plain_line, text, total, seconds=self._plain_seconds)
            lines.draw()
            yield lines

    @contextmanager
    def _live(self, unit: str) -> Iterator[Progress]:
        from rich.progress import Progress

        self._progress = Progress(
            *columns(unit),
            console=streams.console(sys.stderr),
            transient=True,
            # What is printed goes above the bar, unless stdout is no terminal.
            redirect_stdout=streams.is_live(sys.stdout),
        )
        try:
            with self._progress as progress:
                yield progress
        finally:
            self._progress = None

    def _translated(self, text: str) -> str:
        return streams.translated(text, sys.stderr)

    def _plain_line(self, text: str) -> None:
        """Write a line as it is: a run's own lines are in its own language."""
        self._line(text, wraps=True)

    def _line(self, text: str, *, label: str = "", style: str = "", wraps: bool = False) -> None:
        """Write a line; `wraps` breaks it between words where it is wider than the terminal."""
        label, text = (streams.printable(part, sys.stderr) for part in (label, text))
        if wraps and self._progress is None:
            text = streams.between_words(text, sys.stderr, len(label))
        if self._progress is not None:
            self._progress.console.print(f"{label}{text}", soft_wrap=True)
            return
        if style and streams.has_colour(sys.stderr):
            # A label carries the colour where there is one, else the whole line does.
            text = f"{style}{label}{_PLAIN}{text}" if label else f"{style}{text}{_PLAIN}"
        else:
            text = f"{label}{text}"
        print(text, file=sys.stderr, flush=True)
