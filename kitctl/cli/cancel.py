"""`kitctl cancel`."""

from __future__ import annotations

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import LocalOption, RunArgument
from kitctl.render.output import CommandResult


@command("cancel", examples=["kitctl cancel", "kitctl cancel 12"])
def cancel(
    context: CommandContext,
    *,
    run: RunArgument = None,
    local: LocalOption = None,
) -> CommandResult:
    """Stop a run, and say whether Kaggle stopped it."""
    from kitctl.operations.cancel import cancel
    from kitctl.render.cancel import draw_cancelled

    context.configure(local=local)
    target = context.find_run(run)
    result = cancel(target, context.client, context.ledger, context.clock, context.console)
    return CommandResult(result, draw_cancelled)
