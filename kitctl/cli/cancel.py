"""`kitctl cancel`."""

from __future__ import annotations

import typer

from kitctl.cli.connection import LocalOption, RunArgument, open_road, run_name, settings_for
from kitctl.cli.frame import command
from kitctl.cli.invocation import Invocation
from kitctl.render.output import CommandResult


def register(app: typer.Typer) -> None:
    command(app, "cancel")(cancel)


def cancel(
    invocation: Invocation, run: RunArgument = None, local: LocalOption = None
) -> CommandResult:
    """Stop a run, and say whether Kaggle took it."""
    from kitctl.operations.cancel import cancel as stop
    from kitctl.render.cancel import draw_cancelled

    name = run_name(run)
    with open_road(invocation, local=settings_for(invocation, local).local) as road:
        found = road.find(invocation, name)
        stopped = stop(found, road.kaggle, road.ledger, road.clock, invocation.console)
    return CommandResult(stopped, draw_cancelled)
