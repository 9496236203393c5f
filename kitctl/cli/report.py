"""`kitctl report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import LocalOption
from kitctl.cli.pulled import PulledRunsArgument
from kitctl.render.output import CommandResult


@command("report", examples=["kitctl report --open", "kitctl report 3 4 --out both.html"])
def report(
    context: CommandContext,
    *,
    runs: PulledRunsArgument = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Where; default: beside the results, as v<N>.html."
        ),
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    local: LocalOption = None,
) -> CommandResult:
    """Write one HTML page about pulled runs.

    It holds all that it shows and requests nothing: it can be sent and kept.
    """
    from kitctl.cli.page import open_page, write_page
    from kitctl.cli.pulled import pulled_runs, warn_of_unreadable
    from kitctl.render.report import draw_page

    context.configure(local=local)
    where = pulled_runs(context)
    found_runs = [where.find(name) for name in runs] if runs else [where.find(None)]
    by_folder = {run.folder.resolve(): run for run in found_runs}
    warn_of_unreadable(context, found_runs)
    page = write_page(list(by_folder.values()), out)
    if open_it:
        open_page(page.out, context.console)
    return CommandResult(page, draw_page)
