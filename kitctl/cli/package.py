"""`kitctl package`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kitctl.cli.frame import command
from kitctl.cli.invocation import Invocation
from kitctl.render.output import Answer


def register(app: typer.Typer) -> None:
    command(app, "package")(package)


def package(
    invocation: Invocation,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where; default: package/.")
    ] = None,
) -> Answer:
    """Write the folder that would be pushed."""
    invocation.talk.say("Packing …")
    return Answer(
        {"out": out, "project": invocation.project}, lambda r, c: c.print(f"{r['out']} ✓")
    )
