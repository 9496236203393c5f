"""How an operation reports what it is doing, without knowing how it is shown."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class ProgressBar(Protocol):
    """A progress bar, or the plain lines that stand for one."""

    def update(self, *, completed: float, total: float | None = None) -> None:
        """Show how far it is; a total of None leaves it as it was."""

    def describe(self, text: str, aside: str = "") -> None:
        """Show another text; a change of `aside` alone is not worth a line of its own."""

    def advance(self, amount: float = 1) -> None: ...

    def log(self, line: str) -> None:
        """Print one line of a program's output, above the bar if there is one."""


class Reporter(Protocol):
    """The messages of a command: they go to stderr, never among the data."""

    def info(self, text: str) -> None: ...

    def warn(self, text: str) -> None: ...

    def hint(self, text: str) -> None: ...

    def progress(
        self, text: str, *, total: float | None = None, unit: str = ""
    ) -> AbstractContextManager[ProgressBar]:
        """Show a live line during the block; `unit` is "bytes" or what is counted."""


class NullReporter:
    """A reporter and a progress bar that show nothing."""

    def info(self, text: str) -> None:
        pass

    def warn(self, text: str) -> None:
        pass

    def hint(self, text: str) -> None:
        pass

    def progress(
        self, text: str, *, total: float | None = None, unit: str = ""
    ) -> AbstractContextManager[ProgressBar]:
        return nullcontext(self)

    def update(self, *, completed: float, total: float | None = None) -> None:
        pass

    def describe(self, text: str, aside: str = "") -> None:
        pass

    def advance(self, amount: float = 1) -> None:
        pass

    def log(self, line: str) -> None:
        pass
