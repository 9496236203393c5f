"""`kitctl status`."""

from __future__ import annotations

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import LocalOption, RunArgument
from kitctl.render.output import CommandResult


@command("status", examples=["kitctl status", "kitctl status 12 --json"])
def status(
    context: CommandContext,
    *,
    run: RunArgument = None,
    local: LocalOption = None,
) -> CommandResult:
    """Show one run's state.

    The exit code says how it ended: 6 it failed, 7 it was cancelled or timed out.
    """
    from kitctl.operations.watching.run_facts import with_own_facts
    from kitctl.operations.watching.run_status import read_status
    from kitctl.render.status import draw_status

    context.configure(local=local)
    polled = read_status(context.find_run(run), context.client, context.ledger)
    state = with_own_facts(polled, context.client, context.ledger)
    return CommandResult(state, draw_status, state.failure)
