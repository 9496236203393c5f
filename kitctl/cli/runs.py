"""`kitctl runs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kitctl.cli.connection import AT_A_GLANCE_SECONDS, LocalOption, open_road, project_kernel
from kitctl.cli.frame import command
from kitctl.cli.invocation import Invocation
from kitctl.errors import UsageError
from kitctl.operations.shared.prefetch import prefetch
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.domain.runs import Status


def register(app: typer.Typer) -> None:
    command(app, "runs")(runs)


def runs(
    invocation: Invocation,
    everything: Annotated[bool, typer.Option("--all", help="Of all projects.")] = False,
    statuses: Annotated[
        list[str] | None,
        typer.Option("--status", metavar="STATUS", help="Only in this state; may be repeated."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="So many at most.")
    ] = 20,
    local: LocalOption = None,
) -> CommandResult:
    """List this project's runs, newest first."""
    wanted = [_status(word) for word in statuses or []]
    chosen = (invocation.user_settings if everything else invocation.settings)(local=local)
    with (
        open_road(invocation, local=chosen.local, total_seconds=AT_A_GLANCE_SECONDS) as road,
        prefetch(road.kaggle.account),
    ):
        # All of this is loaded while Kaggle is asked.
        from kitctl.operations.runs import list_runs
        from kitctl.render.runs import draw_runs

        invocation.output.prepare()
        listed = list_runs(
            road.kaggle,
            road.ledger,
            invocation.console,
            kernel=None if everything else project_kernel(invocation, road.account),
            statuses=wanted,
            limit=limit,
        )
    return CommandResult(listed, draw_runs)


def _status(word: str) -> Status:
    """`running`, `error`, `cancelled`, … as Kaggle's state."""
    from kitctl.domain.runs import Status

    name = word.upper().replace("-", "_")
    name = {"CANCELLED": "CANCEL_ACKNOWLEDGED", "FAILED": "ERROR"}.get(name, name)
    try:
        return Status(name)
    except ValueError:
        known = ", ".join(status.lower().replace("_", "-") for status in Status)
        raise UsageError(
            f"{word!r} is no state of a run.", code="bad_status", hint=f"It is one of: {known}."
        ) from None
