"""What a command answers, and the one object that decides how it looks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from kitctl.errors import Hint, KitError
from kitctl.render import data, streams
from kitctl.render.console import Console

if TYPE_CHECKING:
    from rich.console import Console as RichConsole


@dataclass(frozen=True)
class CommandResult:
    """A command's result and how people see it.

    `failure` is for a command that did its work and has bad news (a run that failed): the result is
    shown all the same, then the sentence, and the exit code is the failure's. `hint` is what a
    person may want to type next.
    """

    result: Any
    draw: Callable[[Any, RichConsole], None]
    failure: KitError | None = None
    hint: Hint = ""


class Output(Protocol):
    """Where a command's data goes: stdout, for people or for machines."""

    def show(self, command: str, answer: CommandResult) -> int:
        """Shows the answer and returns the exit code."""

    def fail(self, command: str, error: KitError) -> int:
        """Shows the failure and returns the exit code."""

    def prepare(self) -> None:
        """Loads what showing takes, while there is something else to wait for."""

    def line(self, text: str) -> None:
        """One line of streamed data, such as a log; machines get it in the answer instead."""


class PeopleOutput:
    """Tables and sentences."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def show(self, command: str, answer: CommandResult) -> int:
        console = streams.console(sys.stdout)
        with console.capture() as drawn:
            answer.draw(answer.result, console)
        # Tables are padded to their width, which nobody wants in a pipe or a file.
        lines = [line.rstrip() for line in drawn.get().splitlines()]
        if lines:
            print(streams.shown("\n".join(lines), sys.stdout), flush=True)
        if answer.failure:
            return self.fail(command, answer.failure)
        if answer.hint:
            self._console.hint(answer.hint, label="next: ")
        return 0

    def fail(self, command: str, error: KitError) -> int:
        self._console.fail(error)
        return error.exit_code

    def prepare(self) -> None:
        streams.console(sys.stdout)

    def line(self, text: str) -> None:
        print(streams.shown(text, sys.stdout), flush=True)


class JsonOutput:
    """Exactly one object on stdout."""

    def __init__(self, hint_text: Callable[[Hint], str]) -> None:
        self._hint_text = hint_text

    def show(self, command: str, answer: CommandResult) -> int:
        if answer.failure is None:
            self._write(data.success(command, answer.result))
            return 0
        self._write(self._failure(command, answer.failure, answer.result))
        return answer.failure.exit_code

    def fail(self, command: str, error: KitError) -> int:
        self._write(self._failure(command, error))
        return error.exit_code

    def prepare(self) -> None:
        pass

    def line(self, text: str) -> None:
        pass

    def _failure(self, command: str, error: KitError, result: object = None) -> dict[str, Any]:
        return data.failure(command, error, self._hint_text(error.hint), result)

    def _write(self, envelope: dict[str, Any]) -> None:
        print(data.encode(envelope, sys.stdout.encoding), flush=True)
