"""Compare `kitctl pull-results` with the official `kaggle kernels output`: time, peak memory.

Both fetch the same run from the same local Kaggle, in turns: 200 files of 100 kB and one of 500 MB,
with 50 ms before every response. `python benchmarks/pull.py [--quick]`; `make bench-pull` updates
the official client before.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import table

SMALL_FILES, SMALL_BYTES = 200, 100_000
BIG_BYTES = 500_000_000
LATENCY_SECONDS = 0.05
ROUNDS = 5


@dataclass(frozen=True)
class Measurement:
    """One call of one client."""

    seconds: float
    peak_megabytes: float


def rows(*, quick: bool) -> list[table.Row]:
    """Pull the same run with both clients, in turns, and compare them."""
    big, rounds = (BIG_BYTES // 10, 1) if quick else (BIG_BYTES, ROUNDS)
    with tempfile.TemporaryDirectory(prefix="kitctl-bench-") as folder:
        home = Path(folder)
        try:
            ours, theirs = _measure(home, big, rounds)
        finally:
            _run([sys.executable, "-m", "kitctl", "local", "stop"], _environment(home), home)
    what = f"pull {SMALL_FILES} x {SMALL_BYTES // 1000} kB and one of {big / 1e6:.0f} MB"
    against = f"`kaggle kernels output`, kaggle {version('kaggle')}"
    pairs = list(zip(ours, theirs, strict=True))
    return [
        table.Row.of(
            f"{what}: time",
            against,
            [other.seconds / own.seconds for own, other in pairs],
            "≥ 6",
            f"{_median(ours, 'seconds'):.1f} s against {_median(theirs, 'seconds'):.1f} s",
        ),
        table.Row.of(
            f"{what}: peak memory",
            against,
            [own.peak_megabytes / other.peak_megabytes for own, other in pairs],
            "< 120 MB",
            f"{_median(ours, 'peak_megabytes'):.0f} MB against"
            f" {_median(theirs, 'peak_megabytes'):.0f} MB",
        ),
    ]


def _measure(home: Path, big: int, rounds: int) -> tuple[list[Measurement], list[Measurement]]:
    kit = [sys.executable, "-m", "kitctl"]
    environment = _environment(home)
    _run([*kit, "local", "start"], environment, home)
    state = home / "local"
    endpoint, token = ((state / name).read_text("utf-8").strip() for name in ("endpoint", "token"))
    files = [
        {"name": "files/{}.bin", "bytes": SMALL_BYTES, "count": SMALL_FILES},
        {"name": "big.bin", "bytes": big},
    ]
    run = {"slug": "bench-pull", "status": "COMPLETE", "files": files, "manifest": True}
    _order(endpoint, token, "seed", {"runs": [run]})
    latency = {"kind": "latency", "method": "*", "seconds": LATENCY_SECONDS}
    _order(endpoint, token, "faults", latency)
    official = environment | {
        "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
        "http_proxy": endpoint,
        "KAGGLE_API_TOKEN": str(state / "token"),
    }
    ours, theirs = [], []
    for number in range(rounds):
        out = [home / f"{name}-{number}" for name in ("ours", "theirs")]
        command = [
            *kit,
            "pull-results",
            "local/bench-pull/1",
            "--local",
            "-q",
            "--out",
            str(out[0]),
        ]
        ours.append(_run(command, environment, home))
        command = [sys.executable, "-m", "kaggle", "kernels", "output", "local/bench-pull"]
        theirs.append(_run([*command, "-p", str(out[1])], official, home))
        for folder in out:
            _check(folder, big)
            shutil.rmtree(folder)
    return ours, theirs


def _environment(home: Path) -> dict[str, str]:
    kept = ("PATH", "PYTHONPATH", "SYSTEMROOT", "TEMP", "TMPDIR")
    own = {"HOME": str(home), "KITCTL_HOME": str(home), "PYTHONIOENCODING": "utf-8"}
    return {name: os.environ[name] for name in kept if name in os.environ} | own


def _run(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Measurement:
    """Run a program to its end, and measure its own wall time and peak memory."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, env=dict(environment), cwd=folder, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.wait()  # It has ended: this returns at once.
        if os.waitstatus_to_exitcode(status):
            output.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{output.read().decode()}")
    kilobytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Measurement(seconds, kilobytes / 1000)


def _order(endpoint: str, token: str, what: str, body: Mapping[str, Any]) -> None:
    """Send an order to the local Kaggle, such as to seed a run."""
    request = urllib.request.Request(
        f"{endpoint}/_local/{what}",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}"},
    )
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()


def _check(folder: Path, big: int) -> None:
    sizes = [path.stat().st_size for path in folder.rglob("*.bin")]
    assert sorted(sizes) == [SMALL_BYTES] * SMALL_FILES + [big], f"files are missing in {folder}"


def _median(measured: Sequence[Measurement], name: str) -> float:
    return statistics.median(getattr(one, name) for one in measured)


if __name__ == "__main__":
    table.main(rows)
