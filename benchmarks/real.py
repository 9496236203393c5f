"""Accuracy on real photographs: VGG16 with ImageNet weights against VGG16 with random ones.

    python benchmarks/real.py [--seeds 1 2 3] [--epochs 30] [--set KEY=VALUE]

It makes datasets/solar-cells (600 photographs) and datasets/vgg16-imagenet where they are missing,
runs `kitctl dry-run --full` once for each seed and kind of weights, and prints each run, then mean
and spread. About ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from job import PROJECT
from real_inputs import SOLAR_CELLS, VGG16, make_data_sets

FOLDERS = {"ryanholbrook/car-or-truck": SOLAR_CELLS, "ryanholbrook/cv-course-models": VGG16}
WEIGHTS = {"ImageNet": "auto", "random": "random"}  # Printed name → the job's base_weights.


@dataclass(frozen=True)
class Outcome:
    """The result of one run: accuracies from 0 to 1, and seconds of the whole dry-run."""

    weights: str
    seed: int
    train_accuracy: float
    accuracy: float
    best_accuracy: float
    best_epoch: int
    seconds: float
    out: Path

    def line(self) -> str:
        """Return the result in one line."""
        return (
            f"{self.weights:<9} seed {self.seed:<6} "
            f"validation {self.accuracy:.3f} (best epoch, {self.best_epoch:>2}: "
            f"{self.best_accuracy:.3f})  training {self.train_accuracy:.3f}  "
            f"{self.seconds:5.0f} s"
        )


def dry_run(weights: str, seed: int, epochs: int, extra: Sequence[str], out: Path) -> Outcome:
    """Run `kitctl dry-run` and return its result.

    Raises:
        SystemExit: The run failed.
    """
    command = [sys.executable, "-m", "kitctl", "dry-run", "--full", "--json", "--quiet"]
    command += ["--project", str(PROJECT), "--out", str(out)]
    for source, folder in FOLDERS.items():
        command += ["--data", f"{source}={folder}"]
    settings = {
        "base": "vgg16",
        "base_weights": WEIGHTS[weights],
        "pooling": "flatten",  # The course's head, also where job.toml sets another.
        "seed": seed,
        "epochs": epochs,
    }
    for name, value in settings.items():
        command += ["--set", f"{name}={value}"]
    for setting in extra:
        command += ["--set", setting]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT)
    result: dict[str, Any] = json.loads(done.stdout)
    if not result["ok"]:
        raise SystemExit(f"The run failed: {result['error']['message']} Its folder: {out}")
    data, metrics = result["data"], result["data"]["metrics"]
    return Outcome(
        weights=weights,
        seed=seed,
        train_accuracy=metrics["binary_accuracy"],
        accuracy=metrics["val_binary_accuracy"],
        best_accuracy=metrics["best_val_binary_accuracy"],
        best_epoch=int(metrics["best_epoch"]),
        seconds=data["seconds"],
        out=Path(data["out"]),
    )


def spread(values: list[float]) -> str:
    """Return mean, standard deviation over the seeds, and range as text."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return (
        f"mean {statistics.fmean(values):.3f}, standard deviation {deviation:.3f}, "
        f"{min(values):.3f} to {max(values):.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting for every run"
    )
    arguments = parser.parse_args()
    started = time.monotonic()
    make_data_sets()
    epochs, settings = arguments.epochs, arguments.set
    print(f"VGG16, 600 photographs of solar cells (420 + 180), {epochs} epochs", flush=True)
    outcomes = []
    for seed in arguments.seeds:
        for weights in WEIGHTS:
            out = PROJECT / "results" / "real" / f"{weights.lower()}-{seed}"
            outcome = dry_run(weights, seed, epochs, settings, out)
            print(outcome.line(), flush=True)
            outcomes.append(outcome)
    print("\nvalidation accuracy after the last epoch")
    for weights in WEIGHTS:
        values = [outcome.accuracy for outcome in outcomes if outcome.weights == weights]
        print(f"  {weights:<9} {spread(values)}")
    print(f"models, histories and plots: {PROJECT / 'results' / 'real'}")
    print(f"{time.monotonic() - started:.0f} s in all")


if __name__ == "__main__":
    main()
