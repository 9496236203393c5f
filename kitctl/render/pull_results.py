"""The result of `kitctl pull-results` on the screen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kitctl.domain.results.metrics import NO_CURVES
from kitctl.domain.results.run_report import verdict
from kitctl.domain.runs import durations
from kitctl.domain.runs.counts import counted, size_text
from kitctl.render.lines import draw_line, draw_sentence
from kitctl.render.sparkline import curve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from kitctl.domain.results.files import ManifestEntry
    from kitctl.operations.pulling.pull_result import PullResult

# Files of each kind that are listed by name.
SHOWN = 12

# What a file says of itself is shown up to here.
MAX_METRICS = 200
LONGEST_TEXT = 1000

NAME_WIDTH, WIDEST_NAME = 22, 40


def draw_pulled(pulled: PullResult, console: Console) -> None:
    console.print(f"{pulled.out}", soft_wrap=True)
    draw_line(_files(pulled), console)
    for refused in pulled.refused[:SHOWN]:
        draw_line(f"  left out: {refused.path!r} {refused.reason}", console, indent=4)
    for name in pulled.missing[:SHOWN]:
        draw_line(f"  missing: {name!r} is in the run's manifest only", console, indent=4)
    if pulled.on_request:
        draw_line(_left_at_kaggle(pulled.on_request), console, indent=4)
    for moved in pulled.moved:
        names = ", ".join(map(repr, moved.names[:SHOWN]))
        files = counted(len(moved.names), "file")
        draw_line(
            f"  not of this run: {files}, moved to {moved.folder} ({names})", console, indent=4
        )
    for one in pulled.failed[:SHOWN]:
        draw_line(f"  not fetched: {one.error.message}", console, indent=4)
    _draw_curves(pulled, console)
    _draw_metrics(pulled, console)
    for file in pulled.summary.unreadable[:SHOWN]:
        draw_sentence("not shown", f"{file.path} {file.reason}", console)
    if sentence := verdict(pulled.summary.report):
        draw_sentence("reading", sentence[:LONGEST_TEXT], console)
    for table in pulled.tables[:SHOWN]:
        console.print(f"table      {table}", soft_wrap=True)
    for plot in pulled.plots[:SHOWN]:
        console.print(f"plot       {plot}", soft_wrap=True)
    console.print(f"log        {pulled.log}", soft_wrap=True)
    if pulled.page is not None:
        console.print(f"report     {pulled.page}", soft_wrap=True)


def _left_at_kaggle(entries: Sequence[ManifestEntry]) -> str:
    size = size_text(sum(entry.bytes for entry in entries))
    folders = sorted({entry.path.split("/")[0] for entry in entries})
    options = " or ".join(f"--only '{folder}/*'" for folder in folders)
    files = counted(len(entries), "file")
    return (
        f"  left at Kaggle: {files}, {size}, which only another run needs"
        f" ({options} fetches {'it' if len(entries) == 1 else 'them'})"
    )


def _files(pulled: PullResult) -> str:
    fetched = [file for file in pulled.files if file.state == "fetched"]
    unchanged = len(pulled.files) - len(fetched)
    size = size_text(sum(file.bytes for file in pulled.files))
    if pulled.verified:
        checked = "✓ all match the run's manifest"
    elif pulled.has_manifest:
        checked = "not all of them could be checked with the run's manifest"
    else:
        checked = "the run left no manifest to check them with"
    return (
        f"{counted(len(pulled.files), 'file')}, {size}"
        f" ({len(fetched)} fetched, {unchanged} already here) · {checked}"
    )


def _draw_curves(pulled: PullResult, console: Console) -> None:
    width = _name_width(pulled)
    for name, values in pulled.summary.history.columns.items():
        if name not in NO_CURVES and len(values) > 1:
            label = f"{name[:LONGEST_TEXT]:<{width}}"
            line = f"{label} {values[0]:.4f} {curve(values)} {values[-1]:.4f}"
            console.print(line, soft_wrap=True)


def _draw_metrics(pulled: PullResult, console: Console) -> None:
    metrics, width = _other_metrics(pulled), _name_width(pulled)
    for name, value in list(metrics.items())[:MAX_METRICS]:
        shown = f"{value:.4f}" if isinstance(value, float) else str(value)
        if isinstance(value, float) and math.isfinite(value) and name.endswith("seconds"):
            shown = durations.describe(value)
        line = f"{name[:LONGEST_TEXT]:<{width}} {shown[:LONGEST_TEXT]}"
        console.print(line, soft_wrap=True)
    if (more := len(metrics) - MAX_METRICS) > 0:
        console.print(f"not shown  {more:,} more metrics", soft_wrap=True)


def _other_metrics(pulled: PullResult) -> dict[str, Any]:
    """Return the metrics but those that end a curve, which shows them already."""
    curves = pulled.summary.history.columns
    return {
        name: value
        for name, value in pulled.summary.metrics.items()
        if len(curves.get(name, ())) < 2 or curves[name][-1] != value
    }


def _name_width(pulled: PullResult) -> int:
    names = [*pulled.summary.history.columns, *list(pulled.summary.metrics)[:MAX_METRICS]]
    return max([NAME_WIDTH, *(len(name) for name in names if len(name) <= WIDEST_NAME)])
