"""The cells of a table in a text file."""

import csv
from collections.abc import Sequence
from pathlib import Path

from kernel.session import RunError

Table = list[list[str]]
"""The cells of a table, row by row."""

_END = "end-of-the-table"  # read as a row of its own, unless a quote before it is not closed
_ROWS_LOOKED_AT = 20


def read(path: Path, setting: str, value: str) -> Table:
    """Return the cells of the table, row by row; rows without any are left out.

    `setting` names the table in errors, `value` what it holds of each file.

    Raises:
        RunError: when it cannot be read, has fewer than two columns, or a row that is longer than
            the first one.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise RunError(f"{setting}: {path.parent} holds no {path.name}.") from None
    except UnicodeDecodeError:
        raise RunError(
            f"{setting}: {path} is no text in UTF-8: save the table as CSV in UTF-8."
        ) from None
    except OSError as error:
        raise RunError(f"{setting}: {path} cannot be read: {error}.") from None
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        table = _cells([*lines, _END], _delimiter(lines))
    except csv.Error as error:
        raise RunError(f"{setting}: {path} is no table: {error}.") from None
    if table.pop() != [_END]:
        raise RunError(
            f"{setting}: {path} has a quote that is not closed, and the rows after it are "
            f"taken for one cell: close it, or take it out."
        )
    if not table or len(table[0]) < 2:
        raise RunError(f"{setting}: {path} needs two columns, the file and its {value}.")
    width = len(table[0])
    wide = next((row for row in table if any(row[width:])), None)
    if wide:
        raise RunError(
            f"{setting}: a row of {path} has more cells than the first one: "
            f"{', '.join(wide)}. Write decimals with a point, and quotes around what holds the "
            f"separator."
        )
    return table


def _delimiter(lines: Sequence[str]) -> str:
    """Return the separator by which the first rows all have the same number of cells."""
    first = lines[:_ROWS_LOOKED_AT]
    possible = [each for each in ",;\t" if first and each in first[0]]
    for each in possible:
        if len({len(row) for row in _cells(first, each)}) == 1:
            return each
    return possible[0] if possible else " "


def _cells(lines: Sequence[str], delimiter: str) -> Table:
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    return [[cell.strip() for cell in row] for row in rows if any(row)]
