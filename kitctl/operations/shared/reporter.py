"""How an operation tells what it is doing, without knowing who listens."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class ProgressBar(Protocol):
    """A progress bar, or the plain lines that stand for one."""

    def update(self, *, completed: float, total: float | None = None) -> None:
        """Shows how far it is; None leaves the total as it was."""

    def describe(self, text: str, aside: str = "") -> None:
        """Shows another text; `aside` comes with it, but is not news by itself."""

    def advance(self, amount: float = 1) -> None: ...

    def log(self, line: str) -> None:
        """Prints one line of foreign output, above the bar if there is one."""


class Reporter(Protocol):
    """The talk of a command: it goes to stderr, never among the data."""

    def info(self, text: str) -> None: ...

    def warn(self, text: str) -> None: ...

    def hint(self, text: str) -> None: ...

    def progress(
        self, text: str, *, total: float | None = None, unit: str = ""
    ) -> AbstractContextManager[ProgressBar]:
        """A live line while something lasts; `unit` is "bytes" or what is counted."""


class NullReporter:
    """A reporter, and a bar, that say nothing."""

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
