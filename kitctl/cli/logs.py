"""`kitctl logs`."""

from __future__ import annotations

import click

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import local_option, run_argument
from kitctl.errors import NextCommand
from kitctl.render.output import CommandResult


@command("logs")
@run_argument
@click.option("-f", "--follow", is_flag=True, help="Go on until the run has ended.")
@click.option("--tail", type=click.IntRange(0), metavar="N", help="Only the last N lines.")
@click.option("--raw", is_flag=True, help="The run's own lines, without version and time.")
@local_option
def logs(
    context: CommandContext,
    *,
    run: str | None,
    follow: bool,
    tail: int | None,
    raw: bool,
    local: bool | None,
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
