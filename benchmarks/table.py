"""The table of a benchmark: ratios that were measured side by side in one run."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from rich.console import Console
from rich.table import Table

PACKAGES = ("kitctl", "kaggle", "tensorflow-cpu", "tensorflow", "keras", "numpy")


@dataclass(frozen=True)
class Row:
    """One comparison: `ratio` is the median, `low` and `high` its spread over the repeats."""

    what: str
    against: str
    ratio: float
    low: float
    high: float
    goal: str
    note: str = ""

    @classmethod
    def of(cls, what: str, against: str, ratios: Sequence[float], goal: str, note: str = "") -> Row:
        """Return the row of these ratios, one from each repeat."""
        return cls(what, against, statistics.median(ratios), min(ratios), max(ratios), goal, note)


def machine() -> str:
    """Return the machine and the versions of the packages, in one line."""
    versions = []
    for package in PACKAGES:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {platform.machine()}, {python}, {', '.join(versions)}"


def print_table(rows: Sequence[Row]) -> None:
    """Print the rows."""
    table = Table(title=machine(), title_justify="left", box=None, pad_edge=False)
    for name in ("what", "against"):
        table.add_column(name, overflow="fold")
    for name in ("ratio", "spread", "goal"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("note", overflow="fold")
    for row in rows:
        spread = f"{row.low:.2f} to {row.high:.2f}"
        table.add_row(row.what, row.against, f"{row.ratio:.2f}", spread, row.goal, row.note)
    Console(width=None if os.isatty(1) else 150).print(table)


def main(rows: Callable[..., list[Row]]) -> None:
    """Run one benchmark from the command line."""
    parser = argparse.ArgumentParser(description=rows.__doc__)
    parser.add_argument("--quick", action="store_true", help="less work, wider spread")
    print_table(rows(quick=parser.parse_args().quick))
