"""Ledgers with a long past, written row by row without living through it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from kitctl.adapters.ledger import SqliteLedger, rows
from kitctl.domain.runs import Run


def write_ledger(path: Path, runs: Iterable[Run]) -> None:
    """Make a ledger at `path` that holds the runs as they are."""
    SqliteLedger(path).close()
    records = [
        {
            **rows.columns(run.intent),
            **asdict(run.facts),
            "version": run.version,
            "status": run.status,
            "pushed_at": run.pushed_at,
            "started_at": run.started_at,
            "ended_at": run.ended_at,
            "time_source": run.time_source,
        }
        for run in runs
    ]
    names = list(records[0])
    with sqlite3.connect(path) as connection:
        connection.executemany(
            f"INSERT INTO runs ({', '.join(names)}) VALUES ({', '.join(f':{n}' for n in names)})",
            records,
        )
    connection.close()
