"""A command's result, and how it is shown: as text or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from kitctl.errors import Hint, KitError
from kitctl.render import data as envelopes
from kitctl.render import streams
from kitctl.render.console import Console

if TYPE_CHECKING:
    from rich.console import Console as RichConsole


@dataclass(frozen=True)
class CommandResult:
    """A command's result and how it is drawn.

    `failure` is for a command that did its work and has bad news (a run that failed): the result is
    shown all the same, then the failure, and the exit code is the failure's. `hint` is what the
    user may want to type next.
    """

    data: Any
    draw: Callable[[Any, RichConsole], None]
    failure: KitError | None = None
    hint: Hint = ""


class Output(Protocol):
    """How a command's result goes to stdout."""

    def show(self, command: str, result: CommandResult) -> int:
        """Show the result and return the exit code."""

    def fail(self, command: str, error: KitError) -> int:
        """Show the failure and return the exit code."""

    def prepare(self) -> None:
        """Load what showing takes, while there is something else to wait for."""

    def line(self, text: str) -> None:
        """Show one line of streamed data, such as a log; JSON has it in the result instead."""

    def raw_line(self, text: str) -> None:
        """Show a line as `line` does; a pipe gets it as it is."""


class TextOutput:
    """Tables and sentences for people."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def show(self, command: str, result: CommandResult) -> int:
        console = streams.console(sys.stdout)
        with console.capture() as drawn:
            result.draw(result.data, console)
        # Tables are padded to their width, which nobody wants in a pipe or a file.
        lines = [line.rstrip() for line in drawn.get().splitlines()]
        if lines:
            print(streams.encodable("\n".join(lines), sys.stdout), flush=True)
        if result.failure:
            return self.fail(command, result.failure)
        if result.hint:
            self._console.hint(result.hint, label="next: ")
        return 0

    def fail(self, command: str, error: KitError) -> int:
        self._console.fail(error)
        return error.exit_code

    def prepare(self) -> None:
        streams.console(sys.stdout)

    def line(self, text: str) -> None:
        print(streams.printable(text, sys.stdout), flush=True)

    def raw_line(self, text: str) -> None:
        if sys.stdout.isatty():
            self.line(text)
        else:
            print(text, flush=True)


class JsonOutput:
    """Exactly one object on stdout."""

    def __init__(self, hint_text: Callable[[Hint], str]) -> None:
        self._hint_text = hint_text

    def show(self, command: str, result: CommandResult) -> int:
        if result.failure is None:
            self._write(envelopes.success(command, result.data))
            return 0
        self._write(self._failure(command, result.failure, result.data))
        return result.failure.exit_code

    def fail(self, command: str, error: KitError) -> int:
        self._write(self._failure(command, error))
        return error.exit_code

    def prepare(self) -> None:
        pass

    def line(self, text: str) -> None:
        pass

    def raw_line(self, text: str) -> None:
        pass

    def _failure(self, command: str, error: KitError, content: object = None) -> dict[str, Any]:
        return envelopes.failure(command, error, self._hint_text(error.hint), content)

    def _write(self, envelope: dict[str, Any]) -> None:
        print(envelopes.encode(envelope, sys.stdout.encoding), flush=True)
