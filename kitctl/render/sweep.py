"""The result of `kitctl sweep` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.domain.durations import describe
from kitctl.operations.sweep import TABLE, SweepResult

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 20
"""Rows on the screen; the table has them all."""


def draw_sweep(result: SweepResult, console: Console) -> None:
    from rich.table import Table

    varied, metrics = list(result.heads[0].settings), list(result.heads[0].metrics)
    table = Table(box=None, pad_edge=False)
    for name in (*varied, *metrics):
        table.add_column(name, justify="right")
    for head in result.heads[:SHOWN]:
        table.add_row(
            *(str(value) for value in head.settings.values()),
            *(f"{value:.0f}" if name == "best_epoch" else f"{value:.4f}"
              for name, value in head.metrics.items()),
        )  # fmt: skip
    console.print(table)
    if len(result.heads) > SHOWN:
        console.print(f"… and {len(result.heads) - SHOWN} more heads")
    phases = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in result.phase_seconds.items())
    console.print(f"{len(result.heads)} heads in {describe(result.seconds)} ({phases})")
    for path in (result.out / TABLE, *result.pictures):
        console.print(f"{path}", soft_wrap=True)
