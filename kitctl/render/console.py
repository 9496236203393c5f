"""What a command writes on stderr: sentences, warnings, hints and progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kitctl.errors import Hint, KitError, commands_of, hint_text, map_texts
from kitctl.render import streams
from kitctl.render.progress_bars import LiveBar, PlainBar, columns
from kitctl.render.safe_text import one_line
from kitctl.render.wrapping import cells, keep_whole

if TYPE_CHECKING:
    from rich.progress import Progress

    from kitctl.ports import ProgressBar

# With these a hint begins that is a command.
_PROGRAMS = ("kitctl ", "pip ", "less ", "cd ")
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
            self._line(self._translated(text))

    def hint(self, hint: Hint, *, label: str = "") -> None:
        if not self._quiet:
            text, commands = self._hint_parts(hint)
            self._line(f"{self._translated(label)}{text}", style=_DIM, commands=commands)

    def warn(self, text: str) -> None:
        label = self._translated("warning: ")
        self._line(self._translated(text), label=label, style=_YELLOW)

    def fail(self, error: KitError) -> None:
        """Write what went wrong, each mistake on its own line, and the next thing to do."""
        label = self._translated("error: ")
        self._line(self._translated(error.message), label=label, style=_RED)
        for problem in error.problems:
            parts = (self._translated(part) for part in (problem.message, problem.fix))
            where = one_line(problem.where)
            self._line(f"  • {' '.join(filter(None, [f'{where}:', *parts]))}", indent=4)
        if error.hint:
            hint, commands = self._hint_parts(error.hint)
            self._line(hint, label=self._translated("next: "), style=_DIM, commands=commands)

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
        self._line(text)

    def _hint_parts(self, hint: Hint) -> tuple[str, list[str]]:
        """Return a hint as text, and the commands in it."""
        commands = [self._hint_text(command) for command in commands_of(hint)]
        if isinstance(hint, str) and hint.startswith(_PROGRAMS):
            commands.append(hint.partition("   ")[0])
        return self._hint_text(map_texts(hint, self._translated)), commands

    def _line(
        self,
        text: str,
        *,
        label: str = "",
        style: str = "",
        commands: Sequence[str] = (),
        indent: int = 0,
    ) -> None:
        """Write a text; where it is wider than the terminal, a line ends between words.

        It ends in none of the `commands`; lines after the first one begin with `indent` spaces.
        """
        label, text = (streams.printable(part, sys.stderr) for part in (label, text))
        text = keep_whole(text, [streams.printable(command, sys.stderr) for command in commands])
        text = streams.between_words(text, sys.stderr, first=cells(label), indent=indent)
        if self._progress is not None:
            self._progress.console.print(f"{label}{text}", soft_wrap=True)
            return
        if style and streams.has_colour(sys.stderr):
            # A label carries the colour where there is one, else the whole line does.
            text = f"{style}{label}{_PLAIN}{text}" if label else f"{style}{text}{_PLAIN}"
        else:
            text = f"{label}{text}"
        print(text, file=sys.stderr, flush=True)
