"""How a function becomes a command: `@command(app, "name")`.

The function takes the `Invocation` first, then its own options, and returns an `Answer`. It never
prints: `invocation.console` speaks on stderr, the answer is shown by `main`. The global options are
added to every command here, so that they may stand before or after its name.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

import typer

from kitctl.cli.invocation import GlobalOptions, Invocation
from kitctl.render import streams
from kitctl.render.output import CommandResult

P = ParamSpec("P")
CommandFunction = Callable[Concatenate[Invocation, P], CommandResult]

_GLOBAL = [
    parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
    for parameter in inspect.signature(GlobalOptions, eval_str=True).parameters.values()
]
_CONTEXT = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)


def group(help: str) -> typer.Typer:
    """A Typer app, the root or a group of commands such as `local`; it takes the global options."""

    def before(*, context: typer.Context, **words: Any) -> None:
        note_options(context, words)

    # Without rich's markup the help needs no rich, which takes longer to import than all the rest.
    app = typer.Typer(
        help=help,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    _take(before, [], help)
    app.callback()(before)
    return app


def command(app: typer.Typer, name: str) -> Callable[[CommandFunction[P]], CommandFunction[P]]:
    """Adds a function to the app under the name."""

    def register(function: CommandFunction[P]) -> CommandFunction[P]:
        def run(*, context: typer.Context, **words: Any) -> CommandResult:
            invocation = note_options(context, words)
            try:
                return function(invocation, **words)  # type: ignore[call-arg]  # Typer fills them.
            except BrokenPipeError:  # Before Typer makes an exit code of 1 of it.
                streams.hush(sys.stdout)
                raise typer.Exit from None

        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        _take(run, own, inspect.getdoc(function))
        app.command(name)(run)
        return function

    return register


def note_options(context: typer.Context, words: dict[str, Any]) -> Invocation:
    """Moves the global options out of `words` into the invocation, which it returns."""
    given = GlobalOptions(**{option.name: words.pop(option.name) for option in _GLOBAL})
    invocation: Invocation = context.obj
    invocation.options = invocation.options.then(given)
    # The root's own path is empty; then what was typed says more.
    invocation.command = context.command_path.partition(" ")[2] or invocation.command
    return invocation


def _take(run: Callable[..., object], own: list[inspect.Parameter], help: str | None) -> None:
    """Gives `run` the signature and the help that Typer reads."""
    keyword = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    run.__signature__ = inspect.Signature([_CONTEXT, *keyword, *_GLOBAL])  # type: ignore[attr-defined]
    run.__annotations__ = {}
    run.__doc__ = help
