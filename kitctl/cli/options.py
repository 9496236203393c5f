"""Options and arguments that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
