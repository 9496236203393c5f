"""The weeks as a table for other programs: one line a week, accelerator and part."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from kitctl.domain.quota import Balance
from kitctl.domain.weeks import HOUR_SECONDS, moment_of
from kitctl.files import replace_users_file

COLUMNS = ("week_starts_at", "accelerator", "part", "kernel", "runs", "seconds", "hours")


def write_weeks(weeks: Sequence[Sequence[Balance]], path: Path) -> None:
    """Write the weeks to `path`, the oldest first.

    `part` is kernel, outside, reserved or left, which add up to the line `allowed`; a week that is
    overdrawn has a negative `left`. `outside` is empty where it is not known.
    """
    with replace_users_file(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(row for week in weeks for one in week for row in _rows(one))


def _rows(one: Balance) -> Iterator[tuple[object, ...]]:
    start = moment_of(one.week.start).strftime("%Y-%m-%dT%H:%M:%SZ")

    def row(
        part: str, seconds: float | None, kernel: str = "", runs: int | str = ""
    ) -> tuple[object, ...]:
        hours = "" if seconds is None else round(seconds / HOUR_SECONDS, 4)
        return start, one.pool, part, kernel, runs, "" if seconds is None else seconds, hours

    for kernel in one.kernels:
        yield row("kernel", kernel.seconds, kernel.kernel, kernel.runs)
    yield row("outside", one.outside_seconds)
    yield row("reserved", one.reserved_seconds)
    yield row("left", one.left_seconds - one.over_seconds)
    yield row("allowed", one.allowed_seconds)
