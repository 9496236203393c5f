"""VGG16 on all photographs of solar cells, against the published figures on the same ones.

    python benchmarks/paper.py [--seeds 1 2 3] [--set KEY=VALUE]

The base runs once; each seed trains its own head on the stored features. What is finished stays in
`results/paper`, so that a call that was stopped goes on. The figure is that of the last epoch: none
is chosen by the photos it is tested on. Published: Deitsch and others, "Automatic classification of
defective photovoltaic module cells in electroluminescence images", 2019.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

from job import PROJECT, run_job
from real_inputs import SOLAR_CELLS, VGG16

PUBLISHED = {"SVM": 0.8244, "VGG-19, fine-tuned": 0.8842}
RESULTS = PROJECT / "results" / "paper"
SETTINGS: dict[str, Any] = {
    "recipe": "strong",
    "image_size": [224, 224],
    "dropout": 0.3,
    "keep": "last",
    "plots": False,
    "exports": ["keras"],
}


def make_inputs() -> None:
    """Make both data sets where they are missing, and lay them out as Kaggle does."""
    for recipe in ([SOLAR_CELLS / "recipe.py", "--all"], [VGG16 / "recipe.py"]):
        done = subprocess.run([sys.executable, *recipe])
        if done.returncode:
            sys.exit(done.returncode)
    inputs = RESULTS / "input"
    inputs.mkdir(parents=True, exist_ok=True)
    for name, folder in (
        ("car-or-truck", SOLAR_CELLS / "all"),
        ("cv-course-models", VGG16 / "files"),
    ):
        if not (inputs / name).exists():
            (inputs / name).symlink_to(folder, target_is_directory=True)


def run_seed(seed: int, settings: dict[str, Any], features: Path | None) -> dict[str, Any]:
    """Return the run.json of a seed, from an earlier call if it was finished."""
    working = RESULTS / f"seed-{seed}"
    if not (working / "manifest.json").exists():
        for folder in (working, working.with_name(f"{working.name}-package")):
            shutil.rmtree(folder, ignore_errors=True)
        reused = {"reuse_features": str(features)} if features else {}
        run_job(working, **settings, **reused, seed=seed)
    run: dict[str, Any] = json.loads((working / "run.json").read_text("utf-8"))
    return run


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
    accuracies, features = [], None
    for seed in arguments.seeds:
        run = run_seed(seed, settings, features)
        metrics = run["metrics"]
        accuracy = metrics["val_binary_accuracy"]
        accuracies.append(accuracy)
        features = features or RESULTS / f"seed-{seed}"
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
