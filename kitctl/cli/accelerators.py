"""`kitctl accelerators`."""

from __future__ import annotations

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.render.output import CommandResult


@command("accelerators", examples=["kitctl accelerators", "kitctl push --accelerator t4x2"])
def accelerators(context: CommandContext) -> CommandResult:
    """List the accelerators and which hours they use.

    Their names, and what a run gets today.
    """
    from kitctl.operations.accelerators import list_accelerators
    from kitctl.render.accelerators import draw_accelerators

    return CommandResult(list_accelerators(), draw_accelerators)
