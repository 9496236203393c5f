"""The root command: every group of commands registers itself here."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from typer.main import get_command

from kitctl.cli.frame import group
from kitctl.cli.plain_values import take_plainly

# Each command and its module, in the order of the help.
MODULES = {
    "doctor": "doctor",
    "dry-run": "dry_run",
    "local": "local",
    "package": "package",
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
}


def root(words: Sequence[str]) -> Any:
    """The command that these words are for, as Typer makes it.

    A line that begins with its command needs no other one; making them all takes longer.
    """
    app = group("Batch jobs on Kaggle's GPUs: rehearse, push, follow, pull, and know what is left.")
    asked = MODULES.get(words[0]) if words else None
    for module in [asked] if asked else dict.fromkeys(MODULES.values()):
        import_module(f"kitctl.cli.{module}").register(app)
    command = get_command(app)
    take_plainly(command)
    _name_arguments(command)
    return command


def _name_arguments(command: Any) -> None:
    """Leaves `<str>` out behind an argument's own name in the help."""
    for parameter in command.params:
        if parameter.param_type_name == "argument" and parameter.metavar:
            parameter.display_type_rich = lambda **_: ""
    for below in getattr(command, "commands", {}).values():
        _name_arguments(below)
