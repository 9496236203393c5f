"""Options and arguments that several commands take."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])

# Any path: what is wrong with one, the operation says better.
PATH = click.Path(path_type=Path)


def run_argument(function: Function) -> Function:
    """Add the argument RUN to a command, and what it may be to its help."""
    help = "RUN is N, vN or OWNER/SLUG/N; without it, this project's latest."
    function.__doc__ = f"{inspect.getdoc(function)}\n\n{help}"
    return click.argument("run", required=False)(function)


local_option = click.option(
    "--local",
    is_flag=True,
    default=None,
    help="Send it to the local Kaggle instead of kaggle.com.",
)

set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting of the job; may be repeated.",
)

data_option = click.option(
    "--data",
    multiple=True,
    metavar="SLUG=DIR",
    help="A folder that stands for a Kaggle source.",
)
