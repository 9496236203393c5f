"""`kitctl status`."""

from __future__ import annotations

import typer

from kitctl.cli.connection import LocalOption, RunArgument, open_road, run_name, settings_for
from kitctl.cli.frame import command
from kitctl.cli.invocation import Invocation
from kitctl.render.output import CommandResult


def register(app: typer.Typer) -> None:
    command(app, "status")(status)


def status(
    invocation: Invocation, run: RunArgument = None, local: LocalOption = None
) -> CommandResult:
    """Show one run's state.

    The exit code tells how it ended: 6 it failed, 7 it was cancelled or timed out.
    """
    from kitctl.operations.status import read_status
    from kitctl.render.status import draw_status

    name = run_name(run)
    with open_road(invocation, local=settings_for(invocation, local).local) as road:
        found = road.find(invocation, name)
        read = read_status(found, road.kaggle, road.ledger)
    return CommandResult(read, draw_status, read.failure)
