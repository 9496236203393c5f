"""`kitctl wait`."""

from __future__ import annotations

from typing import Annotated

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.notify import NotifyOption, notify_of_end, require_notifiable
from kitctl.cli.options import LocalOption
from kitctl.errors import UsageError
from kitctl.render.output import CommandResult


@command("wait", examples=["kitctl wait", "kitctl wait 11 12 --timeout 3h"])
def wait(
    context: CommandContext,
    *,
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]...",
            help="N, vN, OWNER/SLUG/N or OWNER/SLUG, also several; default: this project's latest.",
            show_default=False,
        ),
    ] = None,
    timeout: Annotated[
        str | None, typer.Option("--timeout", metavar="2h", help="Wait so long at most.")
    ] = None,
    notify: NotifyOption = None,
    local: LocalOption = None,
) -> CommandResult:
    """Wait until a run has ended, or until all of several have.

    The exit code says how: 6 one failed, 7 one was cancelled or timed out.
    """
    from kitctl.cli.follow import hint_on_interrupt
    from kitctl.domain.runs import durations
    from kitctl.operations.watching.watch import wait_for_end
    from kitctl.render.status import EndedRuns, draw_ended, draw_status

    context.configure(local=local, notify=notify)
    require_notifiable(context)
    seconds = None if timeout is None else durations.parse(timeout)
    if timeout is not None and seconds is None:
        raise UsageError(
            f"{timeout!r} is no duration.", code="bad_timeout", hint="Write 90s, 45m or 2h."
        )
    targets = [context.find_run(name) for name in runs or ()] or [context.find_run(None)]
    started = context.clock.monotonic()
    ended = []
    for target in targets:
        waited = context.clock.monotonic() - started
        with hint_on_interrupt(target.ref):
            status = wait_for_end(
                target,
                context.client,
                context.ledger,
                context.clock,
                context.console,
                timeout=None if seconds is None else max(0.0, seconds - waited),
            )
        notify_of_end(context, status)
        ended.append(status)
    if len(ended) == 1:
        return CommandResult(ended[0], draw_status, ended[0].failure)
    return CommandResult(EndedRuns(tuple(ended)), draw_ended, EndedRuns(tuple(ended)).failure)
