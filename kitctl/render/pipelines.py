"""The result of `kitctl pipelines` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.operations.pipelines import TABLE, Measurement

if TYPE_CHECKING:
    from rich.console import Console


def draw_measurement(result: Measurement, console: Console) -> None:
    from rich.table import Table

    naive = next((each for each in result.pipelines if each.name == "naive"), None)
    table = Table(box=None, pad_edge=False)
    table.add_column("pipeline")
    for heading in ("photos/s", "from - to", "of naive", "second epoch", "memory"):
        table.add_column(heading, justify="right")
    for each in result.pipelines:
        of_naive = each.photos_per_second / naive.photos_per_second if naive else 1.0
        table.add_row(
            each.name,
            f"{each.photos_per_second:,.0f}",
            f"{each.slowest:,.0f} - {each.fastest:,.0f}",
            f"{of_naive:.1f}x",
            f"{each.cached_photos_per_second:,.0f}",
            f"{each.pipeline_bytes / 1e6:,.0f} MB",
        )
    console.print(table)
    console.print(f"{result.out / TABLE}", soft_wrap=True)
    for picture in result.pictures:
        console.print(f"{picture}", soft_wrap=True)
