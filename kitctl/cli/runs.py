"""`kitctl runs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kitctl.cli.command import command
from kitctl.cli.context import GLANCE_SECONDS, CommandContext
from kitctl.cli.options import local_option
from kitctl.errors import UsageError
from kitctl.operations.shared.prefetch import prefetch
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.domain.runs import Status


@command("runs")
@click.option("--all", "all_projects", is_flag=True, help="Of all projects.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    metavar="STATUS",
    help="Only in this state; may be repeated.",
)
@click.option("--limit", type=click.IntRange(1), metavar="N", default=20, help="So many at most.")
@local_option
def runs(
    context: CommandContext,
    *,
    all_projects: bool,
    statuses: tuple[str, ...],
    limit: int,
    local: bool | None,
) -> CommandResult:
    """List this project's runs, newest first."""
    shown = [_status(name) for name in statuses]
    if all_projects:
        context.configure_without_project(local=local)
    else:
        context.configure(local=local)
    client = context.connect(GLANCE_SECONDS)
    with prefetch(client.account):
        # Loaded while Kaggle answers.
        from kitctl.operations.runs import list_runs
        from kitctl.render.runs import draw_runs

        context.output.prepare()
        result = list_runs(
            client,
            context.ledger,
            context.console,
            kernel=None if all_projects else context.kernel(context.last_account),
            statuses=shown,
            limit=limit,
        )
    return CommandResult(result, draw_runs)


def _status(name: str) -> Status:
    """Return Kaggle's state for `running`, `error`, `cancelled`, …"""
    from kitctl.domain.runs import Status

    value = name.upper().replace("-", "_")
    value = {"CANCELLED": "CANCEL_ACKNOWLEDGED", "FAILED": "ERROR"}.get(value, value)
    try:
        return Status(value)
    except ValueError:
        known = ", ".join(status.lower().replace("_", "-") for status in Status)
        raise UsageError(
            f"{name!r} is no state of a run.", code="bad_status", hint=f"It is one of: {known}."
        ) from None
