"""The result of `kitctl runs` on the screen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kitctl.domain import durations

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.operations.runs import RunList


def draw_runs(listed: RunList, console: Console) -> None:
    from rich.table import Table

    if not listed.runs:
        console.print("No runs yet.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("run", "status", "machine", "pushed (UTC)"):
        table.add_column(heading, overflow="fold")
    table.add_column("ran", justify="right")
    table.add_column("results", overflow="fold")
    for run in listed.runs:
        seconds = listed.seconds(run)
        table.add_row(
            run.name,
            run.status.label,
            run.intent.accelerator or "cpu",
            _when(run.pushed_at or run.intent.written_at),
            durations.describe(seconds) if seconds else "",
            "pulled" if run.pulled_at else "",
        )
    console.print(table)
    if listed.accelerator_seconds:
        console.print(
            f"together {durations.describe(listed.accelerator_seconds)} of GPU or TPU time"
        )


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")
