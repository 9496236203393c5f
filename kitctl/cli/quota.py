"""`kitctl quota`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kitctl import config
from kitctl.cli.connection import AT_A_GLANCE_SECONDS, LocalOption, open_road
from kitctl.cli.frame import command
from kitctl.cli.invocation import Invocation
from kitctl.errors import InvalidInput
from kitctl.operations.shared.prefetch import prefetch
from kitctl.render.output import CommandResult

# Weeks in a picture or a table when nobody says how many; the terminal shows this one.
WEEKS_IN_FILES = 8


def register(app: typer.Typer) -> None:
    command(app, "quota")(quota)


def quota(
    invocation: Invocation,
    weeks: Annotated[
        int | None,
        typer.Option("--weeks", metavar="N", min=1, max=520, help="This week and those before."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw the weeks by kernel, as a PNG."),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write the weeks as a table.")
    ] = None,
    local: LocalOption = None,
) -> CommandResult:
    """Show this week's GPU and TPU hours.

    Who used them, how many are left, when they come back, and how many more runs of this job fit.
    """
    project = _project(invocation)
    settings = config.load(project, {"local": local})
    with (
        open_road(invocation, local=settings.local, total_seconds=AT_A_GLANCE_SECONDS) as road,
        prefetch(road.kaggle.quota) as reading,
        prefetch(road.kaggle.account),
    ):
        # All of this is loaded while Kaggle is asked.
        from kitctl.operations.quota import show_quota
        from kitctl.operations.shared.next_run import read_next_run
        from kitctl.render.quota import draw_quota

        invocation.output.prepare()
        report = show_quota(
            road.kaggle,
            road.ledger,
            job=read_next_run(project, settings) if project else None,
            weeks=weeks or (WEEKS_IN_FILES if plot or csv else 1),
            early=reading,
        )
    if report.unread:
        invocation.console.warn(
            f"{report.unread.message} This is an estimate from the runs that were pushed from "
            f"here; interactive sessions and other machines are not in it."
        )
        invocation.console.hint(report.unread.hint)
    if plot:
        from kitctl.render.quota_plot import plot_weeks

        plot_weeks(report.weeks, plot)
        invocation.console.info(f"Drawn: {plot}")
    if csv:
        from kitctl.render.quota_csv import write_weeks

        write_weeks(report.weeks, csv)
        invocation.console.info(f"Written: {csv}")
    return CommandResult(report, draw_quota)


def _project(invocation: Invocation) -> Path | None:
    """The project whose runs are counted; None where there is none, and none was asked for."""
    try:
        return invocation.project
    except InvalidInput:
        if invocation.options.project is not None:
            raise
        return None
