"""The errors that a user sees, with the exit codes that scripts read.

An error has a sentence that says what it means for the user's data (`message`), the next thing to
do (`hint`) and a stable name for scripts (`code`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias


@dataclass(frozen=True)
class NextCommand:
    """A command of kitctl to type next: its name, its own options and arguments, a note on it.

    The word RUN in `options` stands for `run`, `OWNER/SLUG/N`. `without` are the options, by their
    parameters' names, that are not to be repeated of the command that was typed.
    """

    command: str
    options: str = ""
    note: str = ""
    run: str = ""
    without: tuple[str, ...] = ()

    def with_run(self, run: str) -> NextCommand:
        """Return the command with this name of its run in the place of RUN."""
        parts = [run if word == "RUN" else word for word in self.options.split(" ")]
        return replace(self, options=" ".join(filter(None, parts)))

    def __str__(self) -> str:
        line = " ".join(filter(None, ["kitctl", self.command, self.options]))
        return f"{line}   ({self.note})" if self.note else line


Hint: TypeAlias = "str | NextCommand | tuple[Hint, ...]"
"""What to do next: a text, a command, or a text with commands in it, part by part."""


def map_texts(hint: Hint, change: Callable[[str], str]) -> Hint:
    """Return the hint with each of its texts and notes changed; commands stay."""
    if isinstance(hint, str):
        return change(hint)
    if isinstance(hint, tuple):
        return tuple(map_texts(part, change) for part in hint)
    return replace(hint, note=change(hint.note))


def short_run(command: NextCommand) -> NextCommand:
    """Return the command with its run by the version alone, as it is named in its project."""
    return command.with_run(command.run.rpartition("/")[2])


def commands_of(hint: Hint) -> list[NextCommand]:
    """Return the commands in a hint, without their notes."""
    if isinstance(hint, NextCommand):
        return [replace(hint, note="")]
    return [each for part in hint for each in commands_of(part)] if isinstance(hint, tuple) else []


def hint_text(hint: Hint, repeat: Callable[[NextCommand], NextCommand] = short_run) -> str:
    """Return a hint as text; `repeat` returns a command as it is to be typed."""
    if isinstance(hint, str):
        return hint
    if isinstance(hint, tuple):
        return "".join(hint_text(part, repeat) for part in hint)
    return str(repeat(hint))


@dataclass(frozen=True)
class Problem:
    """One of several mistakes reported at once: where it is, what is wrong, how to fix it."""

    where: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}"
        return f"{text} {self.fix}" if self.fix else text


class KitError(Exception):
    """An error that kitctl expects; each subclass has its exit code."""

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
    """Credentials, the quota or a guard forbid it."""

    exit_code = 4
    default_code = "refused"


class NetworkFailed(KitError):
    """The network or Kaggle failed."""

    exit_code = 5
    default_code = "network"


class RunFailed(KitError):
    """The run ended with an error."""

    exit_code = 6
    default_code = "run_failed"


class RunCancelled(KitError):
    """The run was cancelled or timed out."""

    exit_code = 7
    default_code = "run_cancelled"


class Interrupted(KitError):
    """Ctrl-C, where there is something to say about it."""

    exit_code = 130
    default_code = "interrupted"
