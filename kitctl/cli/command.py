"""How a function becomes a command: `@command("name")`, and Typer reads its signature.

The function takes the CommandContext first, then its own options, and returns a CommandResult. It
never prints: `context.console` writes on stderr, and `main` shows the result. The global options
are added to every command here, so that they may stand before or after its name.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, get_args

import typer

from kitctl.cli.context import CommandContext
from kitctl.cli.global_options import GLOBAL_OPTIONS, GlobalOptions
from kitctl.cli.repeated_options import given_options
from kitctl.render import streams
from kitctl.render.output import CommandResult

_CALL = inspect.Parameter("call", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)


class Registrable(Protocol):
    """A command or a group of commands."""

    def register(self, app: typer.Typer) -> None:
        """Add it to the app or to the group above it."""

    def register_name(self, app: typer.Typer) -> None:
        """Add what a list of commands shows of it; reading all options takes far longer."""

    @property
    def takes_script_arguments(self) -> bool:
        """Whether what stands after `--` are arguments of the job's script."""

    def takes_option(self, name: str) -> bool:
        """Whether it has an option of its own of this name."""

    def below(self, name: str) -> Registrable | None:
        """Return the command below it of this name, None where there is none."""


@dataclass(frozen=True)
class Command:
    """A function under the name that the user types."""

    name: str
    function: Callable[..., CommandResult]
    examples: Sequence[str]
    """Command lines to type, which the help ends with."""
    takes_script_arguments: bool = False
    """Whether what stands after `--` are arguments of the job's script."""

    def register(self, app: typer.Typer) -> None:
        def run(*, call: typer.Context, **values: Any) -> CommandResult:
            context = note_global_options(call, values)
            context.given = given_options(self.function, values)
            try:
                with context:
                    return self.function(context, **values)
            except BrokenPipeError:  # Before Typer ends the process with exit code 1.
                streams.hush(sys.stdout)
                raise typer.Exit from None

        own = list(inspect.signature(self.function, eval_str=True).parameters.values())[1:]
        _set_signature(run, own, inspect.getdoc(self.function))
        app.command(self.name, epilog=_list_of_examples(self.examples))(run)

    def register_name(self, app: typer.Typer) -> None:
        def run() -> None:
            """Stand in the list of commands."""

        app.command(self.name, help=translated_help(inspect.getdoc(self.function) or ""))(run)

    def takes_option(self, name: str) -> bool:
        return name in inspect.signature(self.function).parameters

    def below(self, name: str) -> Registrable | None:
        return None


@dataclass(frozen=True)
class Group:
    """Commands below a word of their own, such as `local`; the group takes the global options."""

    name: str
    help: str
    commands: Sequence[Command]
    takes_script_arguments: bool = False

    def register(self, app: typer.Typer) -> None:
        group = new_app(self.help)
        for below in self.commands:
            below.register(group)
        app.add_typer(group, name=self.name)

    def register_name(self, app: typer.Typer) -> None:
        app.add_typer(new_app(self.help), name=self.name)

    def takes_option(self, name: str) -> bool:
        return False

    def below(self, name: str) -> Registrable | None:
        return next((below for below in self.commands if below.name == name), None)


def command(
    name: str, *, examples: Sequence[str], takes_script_arguments: bool = False
) -> Callable[[Callable[..., CommandResult]], Command]:
    """Return the decorator that makes a command of a function."""
    return lambda function: Command(name, function, examples, takes_script_arguments)


def new_app(help: str) -> typer.Typer:
    """Return a Typer app, the root or a group, that takes the global options."""

    def note(*, call: typer.Context, **values: Any) -> None:
        note_global_options(call, values)

    # Without rich's markup the help needs no rich, which takes longer to import than all the rest.
    app = typer.Typer(
        help=translated_help(help),
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    _set_signature(note, [], help)
    app.callback()(note)
    return app


def note_global_options(call: typer.Context, values: dict[str, Any]) -> CommandContext:
    """Move the global options out of `values` into the command's context, and return that."""
    given = {option.name: values.pop(option.name) for option in GLOBAL_OPTIONS}
    del given["version"]  # Its callback has shown it and ended the command.
    context: CommandContext = call.obj
    context.options = context.options.merged_with(GlobalOptions(**given))
    # The root's own path is empty; what was typed says more.
    context.command = call.command_path.partition(" ")[2] or context.command
    return context


def _set_signature(
    run: Callable[..., object], own: Sequence[inspect.Parameter], help: str | None
) -> None:
    """Give `run` the parameters and the help that Typer reads."""
    parameters = [_CALL, *map(_translated, [*own, *GLOBAL_OPTIONS])]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {}
    run.__doc__ = translated_help(help or "")


def translated_help(text: str) -> str:
    """Return a help text in the user's language, where the terminal can show that."""
    return streams.translated(text, sys.stdout)


def _list_of_examples(examples: Sequence[str]) -> str:
    """Return the end of a help; Click leaves the lines after a `\b` as they are."""
    return "\n".join(("\b", translated_help("Examples:"), *(f"  {line}" for line in examples)))


def _translated(parameter: inspect.Parameter) -> inspect.Parameter:
    """Return the parameter with its help in the user's language."""
    bare, *notes = get_args(parameter.annotation) or [parameter.annotation]
    texts = [text for note in notes if (text := getattr(note, "help", None))]
    if all(translated_help(text) == text for text in texts):
        return parameter
    notes = [copy(note) for note in notes]
    for note in notes:
        note.help = translated_help(note.help or "")
    return parameter.replace(annotation=Annotated[bare, *notes])
