"""`kitctl logs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.notify import NotifyOption, notify_of_end, require_notifiable
from kitctl.cli.options import LocalOption, RunArgument
from kitctl.errors import NextCommand
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.operations.watching.find_run import TargetRun
    from kitctl.ports import LogLine


@command("logs", examples=["kitctl logs -f", "kitctl logs 12 --tail 20"])
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
    notify: NotifyOption = None,
    local: LocalOption = None,
) -> CommandResult:
    """Show a run's log, live while it runs."""
    from kitctl.cli.follow import LinePrinter, follow_run
    from kitctl.operations.logs import Log, read_log
    from kitctl.render.logs import draw_nothing

    context.configure(local=local, notify=notify)
    require_notifiable(context)
    target = context.find_run(run)
    if follow:
        skip = 0 if tail is None else max(0, _count_lines(context, target) - tail)
        printer = LinePrinter(context, target.ref, raw=raw, skip=skip)
        state = follow_run(context, target, printer.show)
        notify_of_end(context, state)
        log = Log(target.ref, state, tuple(printer.lines))
        return CommandResult(log, draw_nothing, state.failure)
    printer = LinePrinter(context, target.ref, raw=raw)
    state = read_log(target, context.client, context.ledger, printer.show, tail)
    log = Log(target.ref, state, tuple(printer.lines))
    if not state.is_shown:
        context.console.warn(f"Kaggle does not show {target.ref} now, so its log may be missing.")
    elif not state.status.ended and not printer.count:
        context.console.info(f"As far as Kaggle shows, nothing has been printed by {target.ref}.")
    follow_it = NextCommand("logs", "-f RUN", "the run goes on", str(target.ref))
    return CommandResult(log, draw_nothing, hint="" if state.status.ended else follow_it)


def _count_lines(context: CommandContext, target: TargetRun) -> int:
    """Return how many lines the log has now."""
    from kitctl.operations.logs import read_log

    count = 0

    def add(line: LogLine) -> None:
        nonlocal count
        count += 1

    read_log(target, context.client, context.ledger, add)
    return count
