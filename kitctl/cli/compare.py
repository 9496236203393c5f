"""`kitctl compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import CsvOption, LocalOption
from kitctl.render.output import CommandResult


@command(
    "compare",
    examples=["kitctl compare 3 4", "kitctl compare 1 2 3 --metric val_accuracy --csv runs.csv"],
)
def compare(
    context: CommandContext,
    *,
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN RUN…", help="N, vN, OWNER/SLUG/N or a folder of results, two or more."
        ),
    ],
    metric: Annotated[
        str | None,
        typer.Option(
            "--metric", metavar="NAME", help="Compare by this one; default: val_loss or the like."
        ),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option("--sort", metavar="COLUMN", help="Order the runs by a column of the table."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw the curves of all runs as a PNG."),
    ] = None,
    csv: CsvOption = None,
    local: LocalOption = None,
) -> CommandResult:
    """Compare pulled runs, and say which one is better.

    Any script's run is compared by its metrics.json or history.csv.
    """
    from kitctl.cli.pulled import pulled_runs, warn_of_unreadable
    from kitctl.operations.compare import compare
    from kitctl.render.compare import draw_compared

    context.configure(local=local)
    result = compare(pulled_runs(context), runs, metric=metric, sort=sort)
    warn_of_unreadable(context, result.runs)
    if csv is not None:
        from kitctl.render.run_csv import write_runs

        write_runs(result.table, csv)
    if plot is not None:
        from kitctl.render.compare_plot import plot_curves

        plot_curves(result, plot)
    return CommandResult(result, draw_compared)
