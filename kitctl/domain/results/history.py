"""history.csv by column: thinned, since a curve is drawn from it and it may be of any length."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import BinaryIO

from kitctl.domain.results.csv_lines import csv_lines
from kitctl.domain.results.run_report import Unreadable

MAX_COLUMNS = 100

# More rows than this are thinned to half as many, again and again.
MAX_ROWS = 2000


@dataclass(frozen=True)
class History:
    """The columns by name, their first and last row included, and what of them is left out."""

    columns: dict[str, list[float]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def read_history(file: BinaryIO) -> History:
    """Return the columns of numbers; rows that were cut short are left out.

    Raises:
        Unreadable: this is no table.
    """
    lines = csv.reader(csv_lines(file))
    try:
        names = next(lines, [])
        rows = (row for row in lines if len(row) == len(names))
        first = next(rows, [])
        is_number = [_number(cell) is not None for cell in first]
        places = [place for place, name in enumerate(names) if name and first and is_number[place]]
        shown = places[:MAX_COLUMNS]
        table = _thinned(_numbers(row, shown) for row in chain([first], rows))
    except csv.Error as error:
        raise Unreadable(f"is no table: {error}") from None
    columns = {names[place]: [row[at] for row in table] for at, place in enumerate(shown)}
    text = [name for name, number in zip(names, is_number, strict=False) if name and not number]
    left_out = [f"the column {name[:80]!r}, which holds no numbers" for name in text[:MAX_COLUMNS]]
    if len(places) > len(shown):
        left_out.append(f"{len(places) - len(shown):,} of its {len(places):,} columns")
    return History(columns if table else {}, tuple(left_out))


def _thinned(rows: Iterable[list[float]]) -> list[list[float]]:
    """Return at most MAX_ROWS rows without gaps at about equal distances, and the last one."""
    thinned: list[list[float]] = []
    last: list[float] = []
    step, place = 1, 0
    for numbers in rows:
        if not numbers:
            continue
        last = numbers
        if place % step == 0:
            thinned.append(numbers)
        if len(thinned) > MAX_ROWS:
            del thinned[1::2]
            step *= 2
        place += 1
    return thinned if not thinned or thinned[-1] is last else [*thinned, last]


def _numbers(row: Sequence[str], places: Sequence[int]) -> list[float]:
    """Return the numbers in these places; none where one of them is no number."""
    try:
        return [float(row[place]) for place in places]
    except ValueError:
        return []


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
