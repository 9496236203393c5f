"""Tables that fit the window: what does not fit is left out by column, and named below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kitctl.render.safe_text import safe_text

if TYPE_CHECKING:
    from rich.console import Console

GAP = 2
# A longer text is cut: a hostile name must not push all other columns out.
LONGEST_CELL = 60


@dataclass(frozen=True)
class Column:
    """A heading and a cell for each row; `justify` is "left" or "right"."""

    heading: str
    cells: Sequence[str]
    justify: str = "right"


def draw_table(columns: Sequence[Column], console: Console, *, whole: str = "") -> None:
    """Draw the columns that fit, the first ones first; name the others.

    `whole` says where all columns are, such as "--csv FILE has all".
    """
    from rich.cells import cell_len

    shown: list[tuple[Column, list[str], int]] = []
    left_out: list[str] = []
    room = console.width
    for column in columns:
        cells = [_short(cell) for cell in column.cells]
        width = max(map(cell_len, (column.heading, *cells)))
        needed = width + (GAP if shown else 0)
        if shown and (needed > room or left_out):
            left_out.append(column.heading)
            continue
        room -= needed
        shown.append((column, cells, width))
    rows = zip(*(cells for _, cells, _ in shown), strict=True)
    for row in ([column.heading for column, _, _ in shown], *rows):
        parts = [
            _padded(cell, width - cell_len(cell), column.justify)
            for cell, (column, _, width) in zip(row, shown, strict=True)
        ]
        console.print((" " * GAP).join(parts).rstrip(), soft_wrap=True)
    if left_out:
        where = f"; {whole}" if whole else ""
        console.print(f"too wide for this window: {', '.join(left_out)}{where}")


def number_text(value: float) -> str:
    """Return a metric with four decimals, a very small or large one with three digits."""
    is_usual = 1e-3 <= abs(value) < 1e5 or not value
    return f"{value:.4f}" if is_usual else f"{value:.3g}"


def _short(cell: str) -> str:
    cell = safe_text(cell).replace("\n", " ")
    return cell if len(cell) <= LONGEST_CELL else f"{cell[: LONGEST_CELL - 1]}…"


def _padded(cell: str, missing: int, justify: str) -> str:
    space = " " * missing
    return f"{space}{cell}" if justify == "right" else f"{cell}{space}"
