"""A table of runs for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kitctl.files import replace_users_file

if TYPE_CHECKING:
    import pandas as pd


def write_runs(table: pd.DataFrame, path: Path) -> None:
    """Write a table of runs as CSV, a row a run.

    Text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    safe = table.map(_no_formula).rename(columns=_no_formula)
    with replace_users_file(path) as part:
        safe.to_csv(part, index=False)


def _no_formula(value: object) -> object:
    is_formula = isinstance(value, str) and value.startswith(("=", "+", "@", "\t", "\r"))
    return f"'{value}" if is_formula else value
