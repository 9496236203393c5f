"""Accuracy of the default job on the car-or-truck sample, over several seeds.

    python benchmarks/sample.py [--seeds 1 2 3 4 5] [--set KEY=VALUE]

What is finished stays in `results/sample`, so that a call that was stopped goes on. About ten
minutes on two cores; `make demo` is one of these runs, with the seed 31415.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tomllib
from typing import Any

import sample_baseline
from job import PROJECT, finished_job

RESULTS = PROJECT / "results" / "sample"
SAMPLE = PROJECT / "datasets" / "car-or-truck-sample"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[31415, 1, 2, 3, 4])
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting for every run"
    )
    arguments = parser.parse_args()
    settings: dict[str, Any] = {"plots": False, "exports": ["keras"]}
    for line in arguments.set:
        settings |= tomllib.loads(line)
    subprocess.run([sys.executable, SAMPLE / "recipe.py"], check=True)
    inputs = RESULTS / "input"
    inputs.mkdir(parents=True, exist_ok=True)
    if not (inputs / "car-or-truck").exists():
        (inputs / "car-or-truck").symlink_to(SAMPLE / "files", target_is_directory=True)
    last, best = [], []
    for seed in arguments.seeds:
        run = finished_job(RESULTS / f"seed-{seed}", **settings, seed=seed)
        metrics = run["metrics"]
        last.append(metrics["val_binary_accuracy"])
        best.append(metrics["best_val_binary_accuracy"])
        print(
            f"seed {seed:<6} validation accuracy {last[-1]:.3f}, of the best epoch "
            f"{best[-1]:.3f}, {run['seconds']['total']:.0f} s",
            flush=True,
        )
    for name, values in (("last epoch", last), ("best epoch, whose weights are saved", best)):
        deviation = statistics.stdev(values) if len(values) > 1 else 0.0
        print(
            f"{name}: mean {statistics.fmean(values):.3f}, standard deviation {deviation:.3f}, "
            f"{min(values):.3f} to {max(values):.3f}"
        )
    sample_baseline.main(SAMPLE / "files")


if __name__ == "__main__":
    main()
