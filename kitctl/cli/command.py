"""How a function becomes a command: `@command("name")`, under it the command's own options.

The function takes the CommandContext first, then the values of its options, and returns a
CommandResult. It never prints: `context.console` writes on stderr, and `main` shows the result. The
global options are added to every command here, so that they may stand before or after its name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import click

from kitctl.cli.context import CommandContext
from kitctl.cli.global_options import GLOBAL_OPTIONS, GlobalOptions
from kitctl.render.output import CommandResult

CommandFunction = Callable[..., CommandResult]


def command(name: str) -> Callable[[CommandFunction], click.Command]:
    """Return the decorator that makes a command of a function."""

    def decorate(function: CommandFunction) -> click.Command:
        @click.pass_context
        def run(call: click.Context, /, **values: Any) -> CommandResult:
            context = note_global_options(call, values)
            with context:
                return function(context, **values)

        # Click's decorators below this one have left their options here, the last one first.
        own = reversed(getattr(function, "__click_params__", []))
        return click.Command(
            name, params=[*own, *GLOBAL_OPTIONS], callback=run, help=inspect.getdoc(function)
        )

    return decorate


def group(name: str, help: str, commands: list[click.Command]) -> click.Group:
    """Return a group of commands, such as `local`; it takes the global options too."""

    @click.pass_context
    def note(call: click.Context, /, **values: Any) -> None:
        note_global_options(call, values)

    return click.Group(
        name,
        commands,
        params=list(GLOBAL_OPTIONS),
        callback=note,
        help=help,
        no_args_is_help=False,
    )


def note_global_options(call: click.Context, values: dict[str, Any]) -> CommandContext:
    """Move the global options out of `values` into the command's context, and return that."""
    names = [option.name for option in GLOBAL_OPTIONS if option.expose_value]
    given = GlobalOptions(**{name: values.pop(name) for name in names if name})
    context: CommandContext = call.obj
    context.options = context.options.merged_with(given)
    # The root's own path is empty; what was typed says more.
    context.command = call.command_path.partition(" ")[2] or context.command
    return context
