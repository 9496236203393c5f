"""The weeks of the quota as a table for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from kitctl.domain.quota.quota import Balance
from kitctl.domain.runs.weeks import HOUR_SECONDS, moment_of
from kitctl.files import replace_users_file

COLUMNS = ("week_starts_at", "accelerator", "part", "kernel", "runs", "seconds")


def write_weeks(weeks: Sequence[Sequence[Balance]], path: Path) -> None:
    """Write the weeks to `path` as CSV, the oldest first: a line a week, accelerator and part.

    `part` is kernel, outside, reserved or left, which add up to the line `allowed`; a week that is
    overdrawn has a negative `left`. `outside` is empty where it is not known.
    """
    import pandas as pd

    rows = [row for week in weeks for balance in week for row in _rows(balance)]
    table = pd.DataFrame(rows, columns=COLUMNS).astype({"runs": "Int64", "seconds": "float"})
    table["hours"] = (table["seconds"] / HOUR_SECONDS).round(4)
    with replace_users_file(path) as part:
        table.to_csv(part, index=False)


def _rows(balance: Balance) -> Iterator[tuple[object, ...]]:
    week = moment_of(balance.week.start).strftime("%Y-%m-%dT%H:%M:%SZ"), balance.pool
    for use in balance.kernels:
        yield *week, "kernel", use.kernel, use.runs, use.seconds
    for part, seconds in (
        ("outside", balance.outside_seconds),
        ("reserved", balance.reserved_seconds),
        ("left", balance.left_seconds - balance.over_seconds),
        ("allowed", balance.allowed_seconds),
    ):
        yield *week, part, None, None, seconds
