"""`kitctl quota` with 10,000 runs in the ledger, cold, beside an empty ledger and `kaggle quota`.

Each command is a new process against the same local Kaggle, which waits before each answer as a
server far away does.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import table

from kitctl.adapters import ledger_rows
from kitctl.adapters.ledger import SqliteLedger
from kitctl.domain.runs import Intent, KernelRef, Status
from kitctl.local import lifecycle
from kitctl.local.lifecycle import LocalKaggle

RUNS = 10_000
ANSWER_SECONDS = 0.1
REPEATS = 7


def rows(*, quick: bool) -> list[table.Row]:
    """Measure with fewer repeats when `quick`."""
    with tempfile.TemporaryDirectory(prefix="kitctl-bench-") as folder:
        server = lifecycle.start(Path(folder, "local"))
        try:
            return _measured(Path(folder), server, 3 if quick else REPEATS)
        finally:
            lifecycle.stop(server.state)


def _measured(folder: Path, server: LocalKaggle, repeats: int) -> list[table.Row]:
    _order_latency(server)
    long, empty = folder / "long", folder / "empty"
    for home in (long, empty):
        home.mkdir()
        (home / "local").symlink_to(server.state, target_is_directory=True)
    _write_ledger(long / "ledger.sqlite", RUNS)
    quota = [sys.executable, "-m", "kitctl", "quota", "--local"]
    official = [sys.executable, "-m", "kaggle", "quota"]
    known: list[float] = []
    new: list[float] = []
    theirs: list[float] = []
    for _ in range(repeats):
        known.append(_seconds(quota, {"KITCTL_HOME": str(long)}))
        new.append(_seconds(quota, {"KITCTL_HOME": str(empty)}))
        theirs.append(_seconds(official, _official_environment(server, folder)))
    what = f"kitctl quota, {RUNS:,} runs in the ledger"
    waited = f"of which {2 * ANSWER_SECONDS:.1f} s are two answers' latency"
    return [
        table.Row.of(
            what,
            "kitctl quota, empty ledger",
            [mine / other for mine, other in zip(known, new, strict=True)],
            "≤ 1.2",
            f"{sorted(known)[len(known) // 2]:.2f} s, {waited}",
        ),
        table.Row.of(
            what,
            "kaggle quota",
            [mine / other for mine, other in zip(known, theirs, strict=True)],
            "≤ 1",
            f"theirs {sorted(theirs)[len(theirs) // 2]:.2f} s",
        ),
    ]


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    started = time.perf_counter()
    subprocess.run(command, env={**kept, **environment}, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _official_environment(server: LocalKaggle, home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
        "http_proxy": server.endpoint,
        "KAGGLE_API_TOKEN": str(server.state / "token"),
    }


def _order_latency(server: LocalKaggle) -> None:
    request = urllib.request.Request(
        f"{server.endpoint}/_local/faults",
        json.dumps({"kind": "latency", "seconds": ANSWER_SECONDS}).encode(),
        {"Authorization": f"Bearer {server.token}"},
    )
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()


def _write_ledger(path: Path, runs: int) -> None:
    """A run of ten minutes every half an hour up to now, as if they had been lived through."""
    SqliteLedger(path).close()
    found = list(_past(runs))
    names = list(found[0])
    with sqlite3.connect(path) as connection:
        connection.executemany(
            f"INSERT INTO runs ({', '.join(names)}) VALUES ({', '.join(f':{n}' for n in names)})",
            found,
        )
    connection.close()


def _past(runs: int) -> Iterator[dict[str, object]]:
    now = time.time()
    for number in range(1, runs + 1):
        start = now - number * 1800
        intent = Intent(
            service="local",
            account="local",
            kernel=KernelRef("local", f"kernel-{number % 20}"),
            script_sha256=f"{number:064x}",
            source_sha256=f"{number:064x}",
            newest_before=0,
            accelerator="NvidiaTeslaT4",
            pool="gpu",
            settings={"base": "vgg16", "epochs": 30},
            limit_seconds=43200.0,
            written_at=start,
        )
        yield {
            **ledger_rows.columns(intent),
            "version": number,
            "status": Status.COMPLETE,
            "pushed_at": start,
            "started_at": start,
            "ended_at": start + 600,
            "time_source": "watched",
        }


if __name__ == "__main__":
    table.main(rows)
