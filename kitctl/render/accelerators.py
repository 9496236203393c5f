"""The result of `kitctl accelerators` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.domain.job.accelerators import POOL_NAMES, WEEKLY_LIMIT_SECONDS
from kitctl.render.tables import Column, draw_table

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.operations.accelerators import AcceleratorList, ListedAccelerator


def draw_accelerators(listed: AcceleratorList, console: Console) -> None:
    items = listed.listed
    draw_table(
        [
            Column("--accelerator", [item.name for item in items], "left"),
            Column("costs", [_costs(item) for item in items], "left"),
            Column("session", [f"{item.session_seconds // 3600} h" for item in items]),
            Column("a run gets today", [item.machine.runs_on for item in items], "left"),
            Column("machine_shape", [item.machine.shape or "(none)" for item in items], "left"),
        ],
        console,
        whole="--json has it",
    )
    limits = ", ".join(
        f"{seconds / 3600:.0f} {POOL_NAMES[pool]} hours"
        for pool, seconds in WEEKLY_LIMIT_SECONDS.items()
    )
    console.print(f"A week usually has {limits}; two T4s count once. What is left: kitctl quota")


def _costs(item: ListedAccelerator) -> str:
    if item.weekly_seconds is None:
        return "no hours"
    return f"{POOL_NAMES[item.machine.pool]} hours"
