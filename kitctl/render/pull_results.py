"""The result of `kitctl pull-results` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.domain import durations
from kitctl.render.sparkline import curve

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.operations.pull_results import PullResult

# Files of each kind that are listed by name.
SHOWN = 12

_NOT_CURVES = {"epoch", "seconds"}


def draw_pulled(pulled: PullResult, console: Console) -> None:
    console.print(f"{pulled.out}", soft_wrap=True)
    console.print(_files(pulled), soft_wrap=True)
    for refused in pulled.refused:
        console.print(f"  left out: {refused.path!r} {refused.reason}", soft_wrap=True)
    for name in pulled.missing:
        console.print(f"  missing: {name!r} is in the run's manifest only", soft_wrap=True)
    if pulled.foreign_files:
        names = ", ".join(map(repr, pulled.foreign_files[:SHOWN]))
        count = len(pulled.foreign_files)
        console.print(f"  files of another run: {count} ({names})", soft_wrap=True)
    for one in pulled.failed[:SHOWN]:
        console.print(f"  not fetched: {one.error.message}", soft_wrap=True)
    _draw_curves(pulled, console)
    _draw_metrics(pulled, console)
    reading = (pulled.report.get("reading") or {}).get("words")
    if isinstance(reading, str):
        console.print(f"reading    {reading}", soft_wrap=True)
    for table in pulled.tables[:SHOWN]:
        console.print(f"table      {table}", soft_wrap=True)
    for plot in pulled.plots[:SHOWN]:
        console.print(f"plot       {plot}", soft_wrap=True)
    console.print(f"log        {pulled.log}", soft_wrap=True)


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
    for name, values in pulled.history.items():
        if name not in _NOT_CURVES and len(values) > 1:
            console.print(f"{name:<22} {values[0]:.4f} {curve(values)} {values[-1]:.4f}")


def _draw_metrics(pulled: PullResult, console: Console) -> None:
    for name, value in pulled.metrics.items():
        shown = f"{value:.4f}" if isinstance(value, float) else value
        if isinstance(value, float) and name.endswith("seconds"):
            shown = durations.describe(value)
        console.print(f"{name:<22} {shown}", soft_wrap=True)
