"""The result of `kitctl pull-results` on the screen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kitctl.domain import durations
from kitctl.domain.run_report import verdict
from kitctl.render.sparkline import curve

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.operations.shared.pull_result import PullResult

# Files of each kind that are listed by name.
SHOWN = 12

# What a file says of itself is shown up to here.
MAX_METRICS = 200
LONGEST_TEXT = 1000

_NOT_CURVES = {"epoch", "seconds"}


def draw_pulled(pulled: PullResult, console: Console) -> None:
    console.print(f"{pulled.out}", soft_wrap=True)
    console.print(_files(pulled), soft_wrap=True)
    for refused in pulled.refused[:SHOWN]:
        console.print(f"  left out: {refused.path!r} {refused.reason}", soft_wrap=True)
    for name in pulled.missing[:SHOWN]:
        console.print(f"  missing: {name!r} is in the run's manifest only", soft_wrap=True)
    for moved in pulled.moved:
        names = ", ".join(map(repr, moved.names[:SHOWN]))
        console.print(
            f"  not of this run: {len(moved.names)} files, moved to {moved.folder} ({names})",
            soft_wrap=True,
        )
    for one in pulled.failed[:SHOWN]:
        console.print(f"  not fetched: {one.error.message}", soft_wrap=True)
    _draw_curves(pulled, console)
    _draw_metrics(pulled, console)
    for file in pulled.summary.unreadable[:SHOWN]:
        console.print(f"not shown  {file.path} {file.reason}", soft_wrap=True)
    if words := verdict(pulled.summary.report):
        console.print(f"reading    {words[:LONGEST_TEXT]}", soft_wrap=True)
    for table in pulled.tables[:SHOWN]:
        console.print(f"table      {table}", soft_wrap=True)
    for plot in pulled.plots[:SHOWN]:
        console.print(f"plot       {plot}", soft_wrap=True)
    console.print(f"log        {pulled.log}", soft_wrap=True)
    if pulled.page is not None:
        console.print(f"report     {pulled.page}", soft_wrap=True)


def _files(pulled: PullResult) -> str:
    fetched = [file for file in pulled.files if file.state == "fetched"]
    kept = len(pulled.files) - len(fetched)
    size = sum(file.bytes for file in pulled.files) / 1e6
    if pulled.verified:
        checked = "✓ all match the run's manifest"
    elif pulled.has_manifest:
        checked = "not all of them could be checked with the run's manifest"
    else:
        checked = "the run left no manifest to check them with"
    return (
        f"{len(pulled.files)} files, {size:,.1f} MB"
        f" ({len(fetched)} fetched, {kept} already here) · {checked}"
    )


def _draw_curves(pulled: PullResult, console: Console) -> None:
    for name, values in pulled.summary.history.columns.items():
        if name not in _NOT_CURVES and len(values) > 1:
            line = f"{name[:LONGEST_TEXT]:<22} {values[0]:.4f} {curve(values)} {values[-1]:.4f}"
            console.print(line, soft_wrap=True)


def _draw_metrics(pulled: PullResult, console: Console) -> None:
    for name, value in list(pulled.summary.metrics.items())[:MAX_METRICS]:
        shown = f"{value:.4f}" if isinstance(value, float) else str(value)
        if isinstance(value, float) and math.isfinite(value) and name.endswith("seconds"):
            shown = durations.describe(value)
        console.print(f"{name[:LONGEST_TEXT]:<22} {shown[:LONGEST_TEXT]}", soft_wrap=True)
    if (more := len(pulled.summary.metrics) - MAX_METRICS) > 0:
        console.print(f"not shown  {more:,} more metrics", soft_wrap=True)
