"""Options and arguments that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kitctl.config import expand_user
from kitctl.errors import UsageError

RunArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        help="N, vN, OWNER/SLUG/N or OWNER/SLUG; default: this project's latest.",
        show_default=False,
    ),
]

LocalOption = Annotated[
    bool | None,
    typer.Option("--local", help="Send it to the local Kaggle instead of kaggle.com."),
]

SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A setting of the job; may be repeated."),
]

EnvOption = Annotated[
    list[str] | None,
    typer.Option("--env", metavar="KEY=VALUE", help="A variable of the run; may be repeated."),
]

DataOption = Annotated[
    list[str] | None,
    typer.Option("--data", metavar="SLUG=DIR", help="A folder that stands for a Kaggle source."),
]

CsvOption = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="Write the whole table.")
]


def whole_folder(out: Path) -> Path:
    """Return the place of a folder that a command makes beside it and then puts there, whole.

    Raises UsageError for the current folder and those above it, which cannot be replaced.
    """
    try:
        place = expand_user(out).resolve()
    except (OSError, RuntimeError):  # A circle of links.
        raise UsageError(f"--out {out} is a link that leads nowhere.") from None
    if Path.cwd().resolve().is_relative_to(place):
        raise UsageError(
            f"--out {out} is the folder that you are in, or one above it.",
            hint="Name a folder of its own, such as --out outputs",
        )
    return place
