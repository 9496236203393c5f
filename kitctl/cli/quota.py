"""`kitctl quota`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import LocalOption
from kitctl.operations.prefetch import prefetch
from kitctl.render.output import CommandResult

# Weeks in a picture or a table when the user names no number; the terminal shows this one.
WEEKS_IN_FILES = 8


@command("quota", examples=["kitctl quota", "kitctl quota --weeks 8 --plot weeks.png"])
def quota(
    context: CommandContext,
    *,
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
    project = context.project_or_none()
    settings = context.configure(local=local)
    client = context.connect_briefly()
    with prefetch(client.quota) as reading, prefetch(client.account):
        # Loaded while Kaggle answers.
        from kitctl.operations.hours.next_run import read_next_run
        from kitctl.operations.quota import show_quota
        from kitctl.render.quota import draw_quota

        context.output.prepare()
        report = show_quota(
            client,
            context.ledger,
            context.console,
            job=read_next_run(project, settings) if project else None,
            weeks=weeks or (WEEKS_IN_FILES if plot or csv else 1),
            prefetched=reading,
        )
    if report.unread:
        context.console.warn(
            f"{report.unread.message} This is an estimate from the runs that were pushed from "
            f"here; interactive sessions and other machines are not in it."
        )
        context.console.hint(report.unread.hint)
    if plot:
        from kitctl.render.quota_plot import plot_weeks

        plot_weeks(report.weeks, plot)
        context.console.info(f"Drawn: {plot}")
    if csv:
        from kitctl.render.quota_csv import write_weeks

        write_weeks(report.weeks, csv)
        context.console.info(f"Written: {csv}")
    return CommandResult(report, draw_quota)
