"""The result of `kitctl dry-run` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.domain.runs.counts import counted, size_text
from kitctl.operations.dry_run import DryRunResult
from kitctl.render import streams
from kitctl.render.lines import draw_line

if TYPE_CHECKING:
    from rich.console import Console

SKIPPED_SHOWN = 10


def draw_dry_run(result: DryRunResult, console: Console) -> None:
    from rich.table import Table

    console.print()
    for check in result.checks:
        name, detail = (
            streams.translated(text, console.file) for text in (check.name, check.detail)
        )
        draw_line(f"{'✓' if check.ok else '✗'} {name} ({detail})", console)
    table = Table.grid(padding=(0, 2))
    for name, value in _rows(result):
        table.add_row(name, streams.translated(value, console.file))
    console.print(table)


def _rows(result: DryRunResult) -> list[tuple[str, str]]:
    rows = []
    if result.skipped_photos:
        shown = [f"{photo.path}: {photo.reason}" for photo in result.skipped_photos[:SKIPPED_SHOWN]]
        left = len(result.skipped_photos) - len(shown)
        rows.append(("skipped", "\n".join([*shown, *([f"and {left} more"] if left else [])])))
    if result.phase_seconds:
        phases = (f"{name} {seconds:.1f} s" for name, seconds in result.phase_seconds.items())
        rows.append(("phases", ", ".join(phases)))
    if result.metrics:
        metrics = (f"{name} {value:.4g}" for name, value in result.metrics.items())
        rows.append(("metrics", ", ".join(metrics)))
    if result.reading:
        rows.append(("reading", result.reading))
    size = size_text(sum(file.bytes for file in result.artifacts))
    epochs = "" if result.epochs is None else f", {counted(result.epochs, 'epoch')}"
    rows.append(("run", f"{result.seconds:.1f} s{epochs}. {result.isolation}"))
    rows.append(("outputs", f"{result.out}   ({counted(len(result.artifacts), 'file')}, {size})"))
    return rows
