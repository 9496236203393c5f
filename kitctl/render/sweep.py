"""The result of `kitctl sweep` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.domain.results.differences import value_text
from kitctl.domain.runs.counts import counted
from kitctl.domain.runs.durations import describe
from kitctl.operations.sweep import TABLE, SweepResult
from kitctl.render.tables import Column, draw_table, number_text

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 20
"""Rows on the screen; the table has them all."""


def draw_sweep(result: SweepResult, console: Console) -> None:
    heads = result.heads[:SHOWN]
    varied, metrics = list(heads[0].settings), list(heads[0].metrics)
    # The metric of the ranking first: a narrow window leaves out the last columns.
    ranked = sorted(metrics, key=lambda name: name not in {"val_loss", "best_val_loss"})
    draw_table(
        [
            *(Column(name, [value_text(head.settings[name]) for head in heads]) for name in varied),
            *(Column(name, [_cell(name, head.metrics[name]) for head in heads]) for name in ranked),
        ],
        console,
        whole=f"{TABLE} has all",
    )
    if len(result.heads) > SHOWN:
        console.print(f"… and {counted(len(result.heads) - SHOWN, 'more head')}")
    phases = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in result.phase_seconds.items())
    console.print(f"{counted(len(result.heads), 'head')} in {describe(result.seconds)} ({phases})")
    for path in (result.out / TABLE, *result.pictures):
        console.print(f"{path}", soft_wrap=True)


def _cell(name: str, value: float) -> str:
    return f"{value:.0f}" if name == "best_epoch" else number_text(value)
