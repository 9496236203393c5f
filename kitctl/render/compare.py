"""The result of `kitctl compare` on the screen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kitctl.domain.runs import durations
from kitctl.render.lines import draw_sentence
from kitctl.render.sparkline import curve
from kitctl.render.tables import Column, draw_table, number_text

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.operations.results.compared_runs import ComparedRuns

# Up to so many runs stand side by side, a fact a line; more stand below each other.
SIDE_BY_SIDE = 4
_WHOLE_NUMBERS = {"best_epoch", "epochs"}
_CURVE_WIDTH = 30


def draw_compared(compared: ComparedRuns, console: Console) -> None:
    table = compared.table
    facts = [str(name) for name in table.columns if name != "run"]
    cells = {name: [cell_text(name, value) for value in table[name]] for name in facts}
    if len(compared.runs) <= SIDE_BY_SIDE:
        rows = [[cells[name][place] for name in facts] for place in range(len(compared.runs))]
        columns = [
            Column("", facts, "left"),
            *(Column(name, row) for name, row in zip(compared.names, rows, strict=True)),
        ]
    else:
        columns = [Column("run", compared.names, "left")]
        columns += [Column(name, cells[name]) for name in _by_importance(compared, facts)]
    draw_table(columns, console, whole="--csv FILE has all")
    if not compared.differing:
        console.print("Their settings are the same, as far as they are known.")
    _draw_curves(compared, console)
    draw_sentence("", compared.comparison.words, console, width=0)


def cell_text(name: str, value: object) -> str:
    """Return a cell of a table of runs; empty where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, int | float):
        if name in _WHOLE_NUMBERS:
            return f"{value:.0f}"
        if name.endswith("hours"):
            return durations.clock(value * 3600)
        return number_text(value)
    return str(value)


def _by_importance(compared: ComparedRuns, facts: Sequence[str]) -> list[str]:
    """Return the columns, the settings and the metric that decides first."""
    metric = compared.metric
    first = [*compared.differing, f"{metric}_best", f"{metric}", "best_epoch", "hours"]
    return [name for name in dict.fromkeys([*first, *facts]) if name in facts]


def _draw_curves(compared: ComparedRuns, console: Console) -> None:
    """Draw the curves of the metric on one scale."""
    metric = compared.metric or ""
    curves = {
        name: run.summary.history.columns.get(metric, [])
        for name, run in zip(compared.names, compared.runs, strict=True)
    }
    finite = [value for values in curves.values() for value in values if math.isfinite(value)]
    if not finite or max(map(len, curves.values())) < 2:
        return
    span = (min(finite), max(finite))
    console.print(f"{metric}, from {span[0]:.4g} to {span[1]:.4g}:", soft_wrap=True)
    longest = max(map(len, curves))
    for name, values in curves.items():
        drawn = curve(values, _CURVE_WIDTH, span)
        console.print(f"{name:<{longest}}  {drawn}", soft_wrap=True)
