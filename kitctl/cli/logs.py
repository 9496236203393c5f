"""`kitctl logs`."""

from __future__ import annotations

from typing import Annotated

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import LocalOption, RunArgument
from kitctl.errors import NextCommand
from kitctl.render.output import CommandResult


@command("logs")
def logs(
    context: CommandContext,
    *,
    run: RunArgument = None,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on until the run has ended.")
    ] = False,
    tail: Annotated[
        int | None, typer.Option("--tail", metavar="N", min=0, help="Only the last N lines.")
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="The run's own lines, without version and time.")
    ] = False,
    local: LocalOption = None,
) -> CommandResult:
    """Show a run's log, live while it runs."""
    from kitctl.cli.follow import follow_run
    from kitctl.operations.logs import Log, read_log
    from kitctl.render.logs import draw_nothing, line_text

    context.configure(local=local)
    target = context.find_run(run)
    if follow:
        skip = 0
        if tail is not None:
            skip = max(0, len(read_log(target, context.client, context.ledger).lines) - tail)
        state, lines = follow_run(context, target, raw=raw, skip=skip)
        return CommandResult(Log(target.ref, state, tuple(lines)), draw_nothing, state.failure)
    log = read_log(target, context.client, context.ledger, tail)
    for line in log.lines:
        context.output.line(line_text(line, target.ref.version, raw=raw))
    follow_it = NextCommand("logs", f"-f {target.ref.version}", "the run goes on")
    return CommandResult(log, draw_nothing, hint="" if log.status.status.ended else follow_it)
