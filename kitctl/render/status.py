"""The state of a run on the screen, for `status` and `wait`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kitctl.domain.runs import durations
from kitctl.errors import KitError
from kitctl.render.lines import draw_line

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.operations.watching.run_status import RunStatus


@dataclass(frozen=True)
class EndedRuns:
    """Several runs that have ended, in the order in which they were asked for."""

    statuses: tuple[RunStatus, ...]

    @property
    def failure(self) -> KitError | None:
        """The error that the command exits with: a run that failed, before one that was stopped."""
        failures = [status.failure for status in self.statuses if status.failure]
        if len(failures) < 2:
            return next(iter(failures), None)
        first = min(failures, key=lambda failure: failure.exit_code)
        others = f"{len(failures)} of {len(self.statuses)} runs did not complete."
        return type(first)(f"{others} {first.message}", code=first.code, hint=first.hint)

    def as_data(self) -> dict[str, Any]:
        return {"runs": [status.as_data() for status in self.statuses]}


def draw_ended(ended: EndedRuns, console: Console) -> None:
    for status in ended.statuses:
        draw_status(status, console)


def draw_status(status: RunStatus, console: Console) -> None:
    sign = {"COMPLETE": "✓ ", "ERROR": "✗ ", "CANCEL_ACKNOWLEDGED": "✗ "}.get(status.status, "")
    parts = [f"{sign}{status.status.label}"]
    if not status.is_shown:
        parts.append("Kaggle does not show it")
    if status.queued_seconds is not None:
        parts.append(f"queued {durations.describe(status.queued_seconds)}")
    if status.running_seconds:
        parts.append(f"ran {durations.describe(status.running_seconds)}")
    draw_line(f"{status.ref} {' · '.join(parts)}", console)
    # The failure, which is shown below, has the message too.
    if status.failure_message and status.failure is None:
        console.print(f"Kaggle says: {status.failure_message}", soft_wrap=True)
