"""Compare `kitctl pull-results` with the official `kaggle kernels output`: time, peak memory.

Both fetch the same run from the same local Kaggle, in turns: 200 files of 100 kB and one of 500 MB,
with 50 ms before every response. `python benchmarks/pull.py [--quick]`; `make bench-pull` updates
the official client before.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import table
from orders import send_order
from processes import Measurement, measure

SMALL_FILES, SMALL_BYTES = 200, 100_000
BIG_BYTES = 500_000_000
LATENCY_SECONDS = 0.05
ROUNDS = 5


def rows(*, quick: bool) -> list[table.Row]:
    """Pull the same run with both clients, in turns, and compare them."""
    big, rounds = (BIG_BYTES // 10, 1) if quick else (BIG_BYTES, ROUNDS)
    with tempfile.TemporaryDirectory(prefix="kitctl-bench-") as folder:
        home = Path(folder)
        try:
            ours, theirs = _compare(home, big, rounds)
        finally:
            measure([sys.executable, "-m", "kitctl", "local", "stop"], home, _environment(home))
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
            [own.peak_bytes / other.peak_bytes for own, other in pairs],
            "< 120 MB",
            f"{_median(ours, 'peak_bytes') / 1e6:.0f} MB against"
            f" {_median(theirs, 'peak_bytes') / 1e6:.0f} MB",
        ),
    ]


def _compare(home: Path, big: int, rounds: int) -> tuple[list[Measurement], list[Measurement]]:
    kit = [sys.executable, "-m", "kitctl"]
    environment = _environment(home)
    measure([*kit, "local", "start"], home, environment)
    state = home / "local"
    endpoint, token = ((state / name).read_text("utf-8").strip() for name in ("endpoint", "token"))
    files = [
        {"name": "files/{}.bin", "bytes": SMALL_BYTES, "count": SMALL_FILES},
        {"name": "big.bin", "bytes": big},
    ]
    run = {"slug": "bench-pull", "status": "COMPLETE", "files": files, "manifest": True}
    send_order(endpoint, token, "seed", {"runs": [run]})
    latency = {"kind": "latency", "method": "*", "seconds": LATENCY_SECONDS}
    send_order(endpoint, token, "faults", latency)
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
        ours.append(measure(command, home, environment))
        command = [sys.executable, "-m", "kaggle", "kernels", "output", "local/bench-pull"]
        theirs.append(measure([*command, "-p", str(out[1])], home, official))
        for folder in out:
            _check(folder, big)
            shutil.rmtree(folder)
    return ours, theirs


def _environment(home: Path) -> dict[str, str]:
    kept = ("PATH", "PYTHONPATH", "SYSTEMROOT", "TEMP", "TMPDIR")
    own = {"HOME": str(home), "KITCTL_HOME": str(home), "PYTHONIOENCODING": "utf-8"}
    return {name: os.environ[name] for name in kept if name in os.environ} | own


def _check(folder: Path, big: int) -> None:
    sizes = [path.stat().st_size for path in folder.rglob("*.bin")]
    assert sorted(sizes) == [SMALL_BYTES] * SMALL_FILES + [big], f"files are missing in {folder}"


def _median(measured: Sequence[Measurement], name: str) -> float:
    return statistics.median(getattr(one, name) for one in measured)


if __name__ == "__main__":
    table.main(rows)
