"""Hours of a sweep of 20 trials, two at once and stopped when behind, against the same 20 runs.

Both run a plain script of ten epochs on the local Kaggle: once as `kitctl sweep`, then each trial's
values once more to the end, one run after the other. `python benchmarks/sweep.py`; about five
minutes on an idle machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import table

TRIALS, HOURS = 20, 0.5
KIT = [sys.executable, "-m", "kitctl"]
TRAIN = """
import math, sys, time
lr, units = float(sys.argv[1]), int(sys.argv[2])
for epoch in range(1, 11):
    time.sleep(0.5)
    loss = abs(math.log10(lr) + 2) + abs(units - 64) / 100 + 1 / epoch
    print(f"epoch {epoch}/10 val_loss {loss:.4f}", flush=True)
"""
METADATA = {
    **{"id": "bench", "title": "Bench of sweeps", "code_file": "train.py", "language": "python"},
    **{"kernel_type": "script", "is_private": "true", "enable_internet": "false"},
    **{"enable_gpu": "true", "machine_shape": "NvidiaTeslaT4"},
}
SEARCH = [
    *("--metric", "val_loss", "--trials", f"{TRIALS}", "--hours", f"{HOURS}"),
    *("--set", "lr=1e-5..1e-1:log", "--set", "units=16..256", "--", "{lr}", "{units}"),
]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kitctl-bench-") as name:
        home = Path(name)
        (home / "train.py").write_text(TRAIN, "utf-8")
        (home / "kernel-metadata.json").write_text(json.dumps(METADATA), "utf-8")
        environment = {**os.environ, "KITCTL_HOME": str(home / "home"), "KITCTL_LOCAL": "1"}
        try:
            _compare(home, environment)
        finally:
            _kitctl(home, environment, "local", "stop")


def _compare(home: Path, environment: Mapping[str, str]) -> None:
    started = time.perf_counter()
    sweep = _kitctl(home, environment, "sweep", *SEARCH)
    sweep_seconds = time.perf_counter() - started
    started = time.perf_counter()
    runs = [
        _kitctl(home, environment, "push", "--follow", "--again", "--", *map(repr, values))
        for values in (trial["parameters"].values() for trial in sweep["trials"])
    ]
    runs_seconds = time.perf_counter() - started
    alone = sum(run["running_seconds"] for run in runs)
    spent = sweep["hours_spent_seconds"]
    pruned = [trial for trial in sweep["trials"] if trial["state"] == "pruned"]
    print(table.machine())
    print(f"sweep: {spent:.0f} s of GPU sessions in {sweep_seconds:.0f} s")
    print(f"the same {len(runs)} one after the other: {alone:.0f} s in {runs_seconds:.0f} s")
    for trial in pruned:
        given_back = trial["given_back_seconds"]
        print(f"  pruned: {trial['run']} after {trial['epochs']} epochs, {given_back:.1f} s back")
    print(f"{len(pruned)} pruned, {sweep['hours_given_back_seconds']:.0f} s given back")
    print(f"best: {sweep['best']['value']} (trial {sweep['best']['trial']})")
    print(f"hours spent: {spent / alone:.2f} of theirs; time: {sweep_seconds / runs_seconds:.2f}")


def _kitctl(home: Path, environment: Mapping[str, str], command: str, *words: str) -> Any:
    """Return the data of a call; exit with its output where it fails."""
    # What follows `--` is the script's own.
    place = words.index("--") if "--" in words else len(words)
    line = [*KIT, command, *words[:place], "--json", *words[place:]]
    done = subprocess.run(line, cwd=home, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(line)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return json.loads(done.stdout)["data"]


if __name__ == "__main__":
    main()
