"""The result of `kitctl cancel` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.domain.runs import durations
from kitctl.render.status import draw_status

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.operations.cancel import CancelResult


def draw_cancelled(cancelled: CancelResult, console: Console) -> None:
    draw_status(cancelled.status, console)
    if not cancelled.status.status.cancelled:
        console.print("The run had ended already; nothing was cancelled.")
    elif cancelled.given_back_seconds:
        console.print(
            f"That gives back about {durations.describe(cancelled.given_back_seconds)} of this"
            " week's hours."
        )
