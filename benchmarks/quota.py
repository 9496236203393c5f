"""Measure `kitctl quota` and `kitctl runs` with 10,000 runs in the ledger, and their parts.

Each command is a new process against the same local Kaggle, which waits before each response as a
distant server does. Run by itself, this file also prints the parts of `quota` for several waits.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import table
from orders import send_order
from rich.console import Console
from rich.table import Table

from kitctl.adapters.ledger import SqliteLedger
from kitctl.adapters.ledger import rows as ledger_rows
from kitctl.domain.runs.run import Intent, KernelRef, Status
from kitctl.local import lifecycle
from kitctl.local.lifecycle import LocalKaggle

RUNS = 10_000
RESPONSE_SECONDS = 0.1
REPEATS = 7

# Seconds before each response for which the parts are printed: none, near, far.
WAITS = (0.0, 0.05, 0.2, 0.4)

KITCTL = [sys.executable, "-m", "kitctl"]
STOPWATCH = [sys.executable, str(Path(__file__).with_name("stopwatch.py"))]


def rows(*, quick: bool) -> list[table.Row]:
    """Measure with fewer repeats when `quick`."""
    with _setup() as (folder, server):
        return _measured(folder, server, 3 if quick else REPEATS)


@contextmanager
def _setup() -> Iterator[tuple[Path, LocalKaggle]]:
    """A folder with a local Kaggle, and with a home with many runs (`long`) and one with none
    (`empty`)."""
    with tempfile.TemporaryDirectory(prefix="kitctl-bench-") as name:
        folder = Path(name)
        server = lifecycle.start(folder / "local")
        try:
            for home in (folder / "long", folder / "empty"):
                home.mkdir()
                (home / "local").symlink_to(server.state, target_is_directory=True)
            _write_ledger(folder / "long" / "ledger.sqlite", RUNS)
            yield folder, server
        finally:
            lifecycle.stop(server.state)


def _measured(folder: Path, server: LocalKaggle, repeats: int) -> list[table.Row]:
    _order_latency(server, RESPONSE_SECONDS)
    long, empty = ({"KITCTL_HOME": str(folder / name)} for name in ("long", "empty"))
    commands = {
        "quota": ([*KITCTL, "quota", "--local"], long),
        "new": ([*KITCTL, "quota", "--local"], empty),
        "runs": ([*KITCTL, "runs", "--all", "--limit", "20", "--local"], long),
        "theirs": (
            [sys.executable, "-m", "kaggle", "quota"],
            _official_environment(server, folder),
        ),
    }
    took: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, (command, environment) in commands.items():
            took[name].append(_seconds(command, environment))

    def row(ours: str, what: str, theirs: str, against: str, goal: str) -> table.Row:
        ratios = [mine / other for mine, other in zip(took[ours], took[theirs], strict=True)]
        ours_median, theirs_median = (statistics.median(took[name]) for name in (ours, theirs))
        note = f"{ours_median:.2f} s against {theirs_median:.2f} s, {RESPONSE_SECONDS} s a response"
        return table.Row.of(f"{what}, {RUNS:,} runs in the ledger", against, ratios, goal, note)

    return [
        row("quota", "kitctl quota", "new", "kitctl quota, empty ledger", "≤ 1.2"),
        row("quota", "kitctl quota", "theirs", "kaggle quota", "≤ 0.6"),
        row("runs", "kitctl runs --limit 20", "theirs", "kaggle quota", "≤ 0.6"),
    ]


def print_parts(repeats: int) -> None:
    """Print the median time of each part of `quota`, for each wait."""
    shown = Table(title=f"kitctl quota, {RUNS:,} runs, in ms", box=None, title_justify="left")
    shown.add_column("Kaggle responds after")
    names: list[str] = []
    with _setup() as (folder, server):
        for wait in WAITS:
            _order_latency(server, wait)
            measured = [_parts(folder) for _ in range(repeats + 1)][1:]
            if not names:
                names = list(measured[0])
                for name in names:
                    shown.add_column(name, justify="right")
            medians = (statistics.median(one[name] for one in measured) for name in names)
            shown.add_row(f"{1000 * wait:.0f} ms", *(f"{1000 * value:.0f}" for value in medians))
    Console(width=None if os.isatty(1) else 150).print(shown)
    print(
        "network: from the first request to the last response; waiting: the part of it in which"
        " kitctl did nothing else."
    )


def _parts(folder: Path) -> dict[str, float]:
    """Return the seconds of each part of one `quota`, which add up to `all`; and `network`."""
    report = folder / "report.json"
    command = [*STOPWATCH, str(report), "quota", "--local"]
    started = time.time()
    _seconds(command, {"KITCTL_HOME": str(folder / "long")})
    ended = time.time()
    measured = json.loads(report.read_text("utf-8"))
    parts = {
        "interpreter": measured["started"] - started,
        "loading": measured["loading"],
        "ledger": measured["ledger"],
        "waiting": measured["waiting"],
        "drawing": measured["drawing"],
        "end": ended - measured["ended"],
    }
    rest = ended - started - sum(parts.values())
    return {**parts, "rest": rest, "all": ended - started, "network": measured["network"]}


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


def _order_latency(server: LocalKaggle, seconds: float) -> None:
    for order in ({"clear": True}, {"kind": "latency", "seconds": seconds}):
        send_order(server.endpoint, server.token, "faults", order)


def _write_ledger(path: Path, runs: int) -> None:
    """Write a ledger with a run of ten minutes for every half an hour up to now."""
    SqliteLedger(path).close()
    columns = list(_past_runs(runs))
    names = list(columns[0])
    with sqlite3.connect(path) as connection:
        connection.executemany(
            f"INSERT INTO runs ({', '.join(names)}) VALUES ({', '.join(f':{n}' for n in names)})",
            columns,
        )
    connection.close()


def _past_runs(runs: int) -> Iterator[dict[str, object]]:
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
    print_parts(REPEATS)
    table.main(rows)
