"""The state of a run on the screen, for `status` and `wait`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.domain import durations

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.operations.shared.run_status import RunStatus


def draw_status(status: RunStatus, console: Console) -> None:
    sign = {"COMPLETE": "✓ ", "ERROR": "✗ ", "CANCEL_ACKNOWLEDGED": "✗ "}.get(status.status, "")
    parts = [f"{sign}{status.status.label}"]
    if not status.is_shown:
        parts.append("Kaggle does not show it")
    if status.queued_seconds is not None:
        parts.append(f"queued {durations.describe(status.queued_seconds)}")
    if status.running_seconds:
        parts.append(f"ran {durations.describe(status.running_seconds)}")
    console.print(f"{status.ref} {' · '.join(parts)}", soft_wrap=True)
    if status.failure_message:
        console.print(f"Kaggle says: {status.failure_message}", soft_wrap=True)
