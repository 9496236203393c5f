"""The root command, which imports a command's module when that command is needed."""

from __future__ import annotations

import difflib
from importlib import import_module

import click

from kitctl.cli.command import note_global_options
from kitctl.cli.completion import COMPLETION_OPTIONS
from kitctl.cli.global_options import GLOBAL_OPTIONS

# Each command and its module, in the order of the help. The module holds the command in a variable
# of its own name.
MODULES = {
    "doctor": "doctor",
    "dry-run": "dry_run",
    "package": "package",
    "settings": "settings",
    "pipelines": "pipelines",
    "sweep": "sweep",
    "push": "push",
    "quota": "quota",
    "status": "status",
    "wait": "wait",
    "runs": "runs",
    "logs": "logs",
    "cancel": "cancel",
    "pull-results": "pull_results",
    "local": "local",
}


class _Commands(click.Group):
    """A group whose commands are imported one by one: importing all takes longer than most run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in MODULES:
            return None
        module = MODULES[cmd_name]
        command: click.Command = getattr(import_module(f"kitctl.cli.{module}"), module)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in MODULES and not ctx.resilient_parsing:
            near = difflib.get_close_matches(args[0], MODULES, n=1)
            question = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{question}")
        return super().resolve_command(ctx, args)


@click.pass_context
def _root(call: click.Context, /, **values: object) -> None:
    """Batch jobs on Kaggle's GPUs: rehearse, push, follow, pull, and know what is left."""
    note_global_options(call, values)


root = _Commands(
    "kitctl",
    params=[*GLOBAL_OPTIONS, *COMPLETION_OPTIONS],
    callback=_root,
    help=_root.__doc__,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)


def takes_option(command: str, option: str) -> bool:
    """Whether a command has an option of its own of this name."""
    found = root.get_command(click.Context(root), command)
    return found is not None and any(parameter.name == option for parameter in found.params)
