"""What can go wrong, in words for the user, with the exit code that scripts read.

A failure is one sentence that says what it means for the user's data (`message`) and the next
thing to do (`hint`). `code` is the stable name that machines read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias


@dataclass(frozen=True)
class NextCommand:
    """A command of kitctl to type next: its name, its own options and arguments, a note on it."""

    command: str
    options: str = ""
    note: str = ""


Hint: TypeAlias = "str | NextCommand | tuple[Hint, ...]"
"""What to do next: a text, a command, or a text with commands in it, part by part."""


def hint_text(hint: Hint, given: Callable[[NextCommand], str] = lambda _: "") -> str:
    """Return a hint as text; `given` returns the options to repeat in a command."""
    if isinstance(hint, str):
        return hint
    if isinstance(hint, tuple):
        return "".join(hint_text(part, given) for part in hint)
    line = " ".join(filter(None, ["kitctl", hint.command, given(hint), hint.options]))
    return f"{line}   ({hint.note})" if hint.note else line


@dataclass(frozen=True)
class Problem:
    """One of several mistakes that are told at once: where it is, what is wrong, how to mend it."""

    where: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        said = f"{self.where}: {self.message}"
        return f"{said} {self.fix}" if self.fix else said


class KitError(Exception):
    """A failure that the kit foresaw; its subclasses are the exit codes."""

    exit_code: ClassVar[int] = 1
    default_code: ClassVar[str] = "bug"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        hint: Hint = "",
        problems: Sequence[Problem] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint
        self.problems = tuple(problems)


class UsageError(KitError):
    """The command line itself is wrong."""

    exit_code = 2
    default_code = "usage"


class InvalidInput(KitError):
    """The project or another input is wrong; nothing was sent or spent."""

    exit_code = 3
    default_code = "invalid"


class NoProject(InvalidInput):
    """Neither the current folder nor one above it is a project, and the user named none."""

    default_code = "no_project"


class Refused(KitError):
    """Credentials, the quota or a guard stand in the way."""

    exit_code = 4
    default_code = "refused"


class NetworkFailed(KitError):
    """The network or Kaggle failed."""

    exit_code = 5
    default_code = "network"


class RunFailed(KitError):
    """The run ended with an error of its own."""

    exit_code = 6
    default_code = "run_failed"


class RunCancelled(KitError):
    """The run was cancelled, or its time was up."""

    exit_code = 7
    default_code = "run_cancelled"


class Interrupted(KitError):
    """Ctrl-C, where there is more to say than that."""

    exit_code = 130
    default_code = "interrupted"
