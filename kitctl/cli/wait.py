"""`kitctl wait`."""

from __future__ import annotations

from typing import Annotated

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import LocalOption, RunArgument
from kitctl.errors import UsageError
from kitctl.render.output import CommandResult


@command("wait")
def wait(
    context: CommandContext,
    *,
    run: RunArgument = None,
    timeout: Annotated[
        str | None, typer.Option("--timeout", metavar="2h", help="Wait so long at most.")
    ] = None,
    local: LocalOption = None,
) -> CommandResult:
    """Wait until a run has ended.

    The exit code says how: 6 it failed, 7 it was cancelled or timed out.
    """
    from kitctl.cli.follow import hint_on_interrupt
    from kitctl.domain import durations
    from kitctl.operations.shared.watch import wait_for_end
    from kitctl.render.status import draw_status

    context.configure(local=local)
    seconds = None if timeout is None else durations.parse(timeout)
    if timeout is not None and seconds is None:
        raise UsageError(
            f"{timeout!r} is no duration.", code="bad_timeout", hint="Write 90s, 45m or 2h."
        )
    target = context.find_run(run)
    with hint_on_interrupt(target.ref):
        state = wait_for_end(
            target,
            context.client,
            context.ledger,
            context.clock,
            context.console,
            timeout=seconds,
        )
    return CommandResult(state, draw_status, state.failure)
