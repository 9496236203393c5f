"""`kitctl wait`."""

from __future__ import annotations

from typing import Annotated

import typer

from kitctl.cli.connection import LocalOption, RunArgument, open_road, run_name, settings_for
from kitctl.cli.frame import command
from kitctl.cli.invocation import Invocation
from kitctl.errors import UsageError
from kitctl.render.output import CommandResult


def register(app: typer.Typer) -> None:
    command(app, "wait")(wait)


def wait(
    invocation: Invocation,
    run: RunArgument = None,
    timeout: Annotated[
        str | None, typer.Option("--timeout", metavar="2h", help="Wait so long at most.")
    ] = None,
    local: LocalOption = None,
) -> CommandResult:
    """Wait until a run has ended.

    The exit code tells how: 6 it failed, 7 it was cancelled or timed out.
    """
    from kitctl.cli.follow import goes_on
    from kitctl.domain import durations
    from kitctl.operations.shared.watch import wait_for_end
    from kitctl.render.status import draw_status

    seconds = None if timeout is None else durations.parse(timeout)
    if timeout is not None and seconds is None:
        raise UsageError(
            f"{timeout!r} is no duration.", code="bad_timeout", hint="Write 90s, 45m or 2h."
        )
    name = run_name(run)
    with open_road(invocation, local=settings_for(invocation, local).local) as road:
        found = road.find(invocation, name)
        with goes_on(found.ref):
            ended = wait_for_end(
                found, road.kaggle, road.ledger, road.clock, invocation.console, timeout=seconds
            )
    return CommandResult(ended, draw_status, ended.failure)
