"""VGG16 on all photographs of solar cells, against the published figures on the same ones.

    python benchmarks/paper.py [--seeds 1 2 3] [--set KEY=VALUE]

The base runs once; each seed trains its own head on the stored features. What is finished stays in
`results/paper`, so that a call that was stopped goes on. The figure is that of the last epoch: none
is chosen by the photos it is tested on. Published: Deitsch and others, "Automatic classification of
defective photovoltaic module cells in electroluminescence images", 2019.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
import tomllib
from typing import Any

from job import PROJECT, finished_job
from real_inputs import SOLAR_CELLS, VGG16, link_inputs

PUBLISHED = {"SVM": 0.8244, "VGG-19, fine-tuned": 0.8842}
RESULTS = PROJECT / "results" / "paper"
SETTINGS: dict[str, Any] = {
    "base": "vgg16",
    "preprocessing": "base",
    "levels": 3,
    "units": [64],
    "weights_csv": "weights.csv",
    "image_size": [300, 300],
    "average_flips": "horizontal_and_vertical",
    "dropout": 0.3,
    "learning_rate": 0.0003,
    "reshuffle": True,
    "keep": "last",
    "plots": False,
    "exports": ["keras"],
}


def make_inputs() -> None:
    """Make both data sets where they are missing, and lay them out as Kaggle does."""
    # Laid out by an earlier version, they lack the weights.
    again = [] if (SOLAR_CELLS / "all" / "weights.csv").exists() else ["--again"]
    for recipe in ([SOLAR_CELLS / "recipe.py", "--all", *again], [VGG16 / "recipe.py"]):
        done = subprocess.run([sys.executable, *recipe])
        if done.returncode:
            sys.exit(done.returncode)
    link_inputs(RESULTS / "input", SOLAR_CELLS / "all")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting for every run"
    )
    arguments = parser.parse_args()
    settings = dict(SETTINGS)
    for line in arguments.set:
        settings |= tomllib.loads(line)
    started = time.monotonic()
    make_inputs()
    accuracies = []
    for seed in arguments.seeds:
        working = RESULTS / f"seed-{seed}"
        run = finished_job(working, **settings, seed=seed)
        settings.setdefault("reuse_features", str(working))
        metrics = run["metrics"]
        accuracy = metrics["val_binary_accuracy"]
        accuracies.append(accuracy)
        print(
            f"seed {seed}  test accuracy {accuracy:.4f} (balanced "
            f"{metrics['balanced_accuracy']:.4f}), "
            f"{run['seconds']['total']:.0f} s",
            flush=True,
        )
    spread = statistics.stdev(accuracies) if len(accuracies) > 1 else 0.0
    mean = statistics.fmean(accuracies)
    print(f"\nVGG16, mean of {len(accuracies)} seeds: {mean:.4f} ± {spread:.4f}")
    for name, accuracy in PUBLISHED.items():
        print(f"published, {name}: {accuracy:.4f}")
    print(f"{time.monotonic() - started:.0f} s in this call; results in {RESULTS}")


if __name__ == "__main__":
    main()
