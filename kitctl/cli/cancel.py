"""`kitctl cancel`."""

from __future__ import annotations

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import local_option, run_argument
from kitctl.render.output import CommandResult


@command("cancel")
@run_argument
@local_option
def cancel(context: CommandContext, *, run: str | None, local: bool | None) -> CommandResult:
    """Stop a run, and say whether Kaggle stopped it."""
    from kitctl.operations.cancel import cancel
    from kitctl.render.cancel import draw_cancelled

    context.configure(local=local)
    target = context.find_run(run)
    result = cancel(target, context.client, context.ledger, context.clock, context.console)
    return CommandResult(result, draw_cancelled)
