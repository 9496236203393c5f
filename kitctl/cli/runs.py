"""`kitctl runs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import CsvOption, LocalOption
from kitctl.errors import UsageError
from kitctl.operations.prefetch import prefetch
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.domain.runs.run import Status


@command(
    "runs", examples=["kitctl runs --status error", "kitctl runs --metric val_loss --sort val_loss"]
)
def runs(
    context: CommandContext,
    *,
    all_projects: Annotated[bool, typer.Option("--all", help="Of all projects.")] = False,
    statuses: Annotated[
        list[str] | None,
        typer.Option("--status", metavar="STATUS", help="Only in this state; may be repeated."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=1_000_000, help="So many at most.")
    ] = 20,
    metric: Annotated[
        str | None,
        typer.Option(
            "--metric", metavar="NAME", help="Show the best value of this one, of pulled runs."
        ),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort", metavar="COLUMN", help="Order by a column, such as a metric or hours."
        ),
    ] = None,
    sessions: Annotated[
        bool,
        typer.Option(
            "--sessions", help="Each session of a chain, of shards or of a sweep on its own line."
        ),
    ] = False,
    csv: CsvOption = None,
    local: LocalOption = None,
) -> CommandResult:
    """List this project's runs, and how they differ.

    The sessions of a chain, the shards of a job and the trials of a sweep stand on one line.
    """
    shown = [_status(name) for name in statuses or []]
    if all_projects:
        context.configure_without_project(local=local)
    else:
        context.configure(local=local)
    client = context.connect_briefly()
    with prefetch(client.account):
        # Loaded while Kaggle answers.
        from kitctl.cli.pulled import pulled_runs
        from kitctl.operations.runs import list_groups, list_runs, with_results
        from kitctl.render.runs import draw_runs

        context.output.prepare()
        ports = client, context.ledger, context.console
        kernel = None if all_projects else context.kernel(context.last_account)
        if sessions or shown or sort is not None:
            # The best of all runs may be an old one.
            most = None if sort else limit
            result = list_runs(*ports, kernel=kernel, statuses=shown, limit=most)
        else:
            result = list_groups(*ports, kernel=kernel, limit=limit)
        result = with_results(result, pulled_runs(context), metric)
    if sort is not None:
        result = result.sorted_by(sort).first(limit)
    if csv is not None:
        from kitctl.render.run_csv import write_runs

        write_runs(result.table(), csv)
    return CommandResult(result, draw_runs)


def _status(name: str) -> Status:
    """Return Kaggle's state for `running`, `error`, `cancelled`, …"""
    from kitctl.domain.runs.run import Status

    value = name.upper().replace("-", "_")
    value = {"CANCELLED": "CANCEL_ACKNOWLEDGED", "FAILED": "ERROR"}.get(value, value)
    try:
        return Status(value)
    except ValueError:
        known = ", ".join(status.lower().replace("_", "-") for status in Status)
        raise UsageError(
            f"{name!r} is no state of a run.", code="bad_status", hint=f"It is one of: {known}."
        ) from None
