"""`kitctl logs`."""

from __future__ import annotations

from typing import Annotated

import typer

from kitctl.cli.connection import LocalOption, RunArgument, open_road, run_name, settings_for
from kitctl.cli.frame import command
from kitctl.cli.invocation import Invocation
from kitctl.errors import NextCommand
from kitctl.render.output import CommandResult


def register(app: typer.Typer) -> None:
    command(app, "logs")(logs)


def logs(
    invocation: Invocation,
    run: RunArgument = None,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on until the run has ended.")
    ] = False,
    tail: Annotated[
        int | None, typer.Option("--tail", min=0, metavar="N", help="Only the last N lines.")
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="The run's own words, without version and time.")
    ] = False,
    local: LocalOption = None,
) -> CommandResult:
    """Show a run's log, live while it runs."""
    from kitctl.cli.follow import follow_run
    from kitctl.operations.logs import Log, read_log
    from kitctl.render.logs import draw_nothing, line_text

    name = run_name(run)
    with open_road(invocation, local=settings_for(invocation, local).local) as road:
        found = road.find(invocation, name)
        if follow:
            skip = 0
            if tail is not None:
                skip = max(0, len(read_log(found, road.kaggle, road.ledger).lines) - tail)
            ended, lines = follow_run(invocation, road, found, raw=raw, skip=skip)
            shown = Log(found.ref, ended, tuple(lines))
            return CommandResult(shown, draw_nothing, ended.failure)
        log = read_log(found, road.kaggle, road.ledger, tail)
    for line in log.lines:
        invocation.output.line(line_text(line, found.ref.version, raw=raw))
    goes_on = not log.status.status.ended
    more = NextCommand("logs", f"-f {found.ref.version}", "the run goes on")
    return CommandResult(log, draw_nothing, hint=more if goes_on else "")
