"""Ledgers with many past runs, written row by row."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from kitctl.adapters.ledger import SqliteLedger, rows
from kitctl.domain.runs.run import Run


def write_ledger(path: Path, runs: Iterable[Run]) -> None:
    """Create a ledger at `path` with these runs."""
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
