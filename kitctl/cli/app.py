"""The root command, which imports a command's module when that command is needed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from typer.main import get_command

from kitctl.cli.command import Registrable, new_app

HELP = "Batch jobs on Kaggle's GPUs: rehearse, push, follow, pull, and know what is left."

# The variable in which a shell asks Click to complete a command line, which it gives otherwise.
COMPLETION = "_KITCTL_COMPLETE"

# Each command and its module, in the order of the help. The module holds the command in a variable
# of its own name.
MODULES = {
    "init": "init",
    "doctor": "doctor",
    "dry-run": "dry_run",
    "package": "package",
    "settings": "settings",
    "pipelines": "pipelines",
    "sweep": "sweep",
    "push": "push",
    "quota": "quota",
    "accelerators": "accelerators",
    "status": "status",
    "wait": "wait",
    "runs": "runs",
    "logs": "logs",
    "cancel": "cancel",
    "pull-results": "pull_results",
    "compare": "compare",
    "report": "report",
    "predict": "predict",
    "submit": "submit",
    "datasets": "datasets",
    "models": "models",
    "local": "local",
}


def root(arguments: Sequence[str]) -> Any:
    """Return the root command as Typer makes it.

    A command line that begins with its command needs no other one, and importing all takes longer
    than most of them run. One without any command is answered by their list.
    """
    app = new_app(HELP)
    first = MODULES.get(arguments[0]) if arguments else None
    is_called = COMPLETION in os.environ or any(word in MODULES for word in arguments)
    for module in [first] if first else MODULES.values():
        command = _load(module)
        (command.register if is_called else command.register_name)(app)
    return get_command(app)


def takes_option(command: str, option: str) -> bool:
    """Whether a command, such as "push" or "local start", has an option of this name."""
    target = command_at(command)
    return target is not None and target.takes_option(option)


def split_script_arguments(arguments: Sequence[str], command: str) -> tuple[list[str], list[str]]:
    """Return the command line without, and only, what follows `--` for the job's script."""
    takes_them = command in MODULES and _load(MODULES[command]).takes_script_arguments
    if "--" not in arguments or not takes_them:
        return list(arguments), []
    place = arguments.index("--")
    return list(arguments[:place]), list(arguments[place + 1 :])


def command_at(command: str) -> Registrable | None:
    """Return the command or group of this name, such as "local start"; None where there is none."""
    name, _, below = command.partition(" ")
    target = _load(MODULES[name]) if name in MODULES else None
    return target.below(below) if target and below else target


def _load(module: str) -> Registrable:
    command: Registrable = getattr(import_module(f"kitctl.cli.{module}"), module)
    return command
