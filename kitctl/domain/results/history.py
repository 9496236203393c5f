"""history.csv by column: thinned, since a curve is drawn from it and it may be of any length."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from kitctl.domain.results.csv_lines import csv_lines
from kitctl.domain.results.run_report import Unreadable
from kitctl.domain.runs.counts import counted

MAX_COLUMNS = 100

# More rows than this are thinned to half as many, again and again.
MAX_ROWS = 2000


@dataclass(frozen=True)
class History:
    """The columns by name, their first and last row included, and what of them is left out."""

    columns: dict[str, list[float]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def read_history(file: BinaryIO) -> History:
    """Return the columns of numbers; an empty cell is not a number, and so a gap in the curve.

    Rows that were cut short are left out, and a column whose first cell is a text.

    Raises:
        Unreadable: this is no table.
    """
    text_lines = _Lines(csv_lines(file))
    lines = csv.reader(text_lines)
    try:
        names = next(lines, [])
        table = _Table(names)
        rows = _thinned(filter(None, map(table.numbers, lines)))
    except csv.Error as error:
        raise Unreadable(f"is no table: {error}") from None
    if table.has_gap and not text_lines.is_whole:
        rows = rows[:-1]  # A kill has cut the last line.
    if not rows:
        return History()
    numeric = [place for place, kind in enumerate(table.is_number) if kind and names[place]]
    shown = numeric[:MAX_COLUMNS]
    columns = {names[place]: [row[place] for row in rows] for place in shown}
    text = [name for name, kind in zip(names, table.is_number, strict=True) if name and not kind]
    left_out = [f"the column {name[:80]!r}, which holds no numbers" for name in text[:MAX_COLUMNS]]
    if len(numeric) > len(shown):
        left_out.append(f"{len(numeric) - len(shown):,} of its {len(numeric):,} columns")
    if table.cut:
        left_out.append(f"{counted(table.cut, 'row')} with more or fewer cells than it has columns")
    return History(columns, tuple(left_out))


class _Lines:
    """The lines of a file; `is_whole` says whether the last one that was read has its end."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = lines
        self.is_whole = True

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.is_whole = line.endswith("\n")
            yield line


class _Table:
    """The rows of a table as numbers; `is_number` says of each column what its first cell is.

    `cut` is how many rows had another number of cells, `has_gap` whether a number was missing in
    the last one.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.is_number: list[bool | None] = [None] * len(names)
        self.cut, self.has_gap = 0, False

    def numbers(self, row: Sequence[str]) -> list[float]:
        """Return a row's cells, NaN for each that holds no number; nothing for one cut short."""
        if len(row) != len(self.is_number):
            self.cut += bool(row)
            return []
        self.has_gap = False
        return [self._number(place, cell) for place, cell in enumerate(row)]

    def _number(self, place: int, cell: str) -> float:
        if self.is_number[place] is False:
            return math.nan
        try:
            number = float(cell)
        except ValueError:
            if self.is_number[place] is None and cell.strip():
                self.is_number[place] = False
            self.has_gap |= self.is_number[place] is not False
            return math.nan
        self.is_number[place] = True
        return number


def _thinned(rows: Iterable[list[float]]) -> list[list[float]]:
    """Return at most MAX_ROWS rows at about equal distances, and the last one."""
    thinned: list[list[float]] = []
    last: list[float] = []
    step = 1
    for place, numbers in enumerate(rows):
        last = numbers
        if place % step == 0:
            thinned.append(numbers)
        if len(thinned) > MAX_ROWS:
            del thinned[1::2]
            step *= 2
    return thinned if not thinned or thinned[-1] is last else [*thinned, last]
