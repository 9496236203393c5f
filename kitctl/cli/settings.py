"""`kitctl settings`."""

from __future__ import annotations

from typing import Annotated

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.render.output import CommandResult


@command("settings", examples=["kitctl settings", "kitctl settings epochs learning_rate"])
def settings(
    context: CommandContext,
    *,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", show_default=False)] = None,
) -> CommandResult:
    """List the settings of the project's job, and what they do.

    NAME limits the list to this setting; it may be repeated.
    """
    from kitctl.operations.settings import list_settings
    from kitctl.render.settings import draw_settings

    return CommandResult(list_settings(context.project, names or []), draw_settings)
