"""Accuracy on real photographs: the recipe `strong` beside the course's, both with VGG16.

    python benchmarks/real.py [--seeds 1 2 3] [--epochs 30] [--set KEY=VALUE]

It makes datasets/solar-cells (600 photographs) and datasets/vgg16-imagenet where they are missing.
The base runs once for each recipe; each seed trains its own head on the stored features. Three
seeds also take the course's recipe with random weights instead of ImageNet's. What is finished
stays in `results/real`, so that a call that was stopped goes on. About a quarter of an hour on two
cores.
"""

from __future__ import annotations

import argparse
import statistics
import time
import tomllib
from typing import Any

from job import PROJECT, finished_job
from real_inputs import SOLAR_CELLS, link_inputs, make_data_sets

RESULTS = PROJECT / "results" / "real"
RECIPES: dict[str, dict[str, Any]] = {
    "strong": {"recipe": "strong"},
    "course": {"recipe": "course"},
    # Its weights are those of the seed, so that each seed runs the base.
    "random": {"recipe": "course", "base_weights": "random"},
}
RANDOM_SEEDS = 3
CHANCE = 0.5


def run_seeds(name: str, seeds: list[int], settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the metrics of a recipe's run for each seed, and print them."""
    found = []
    common = {**RECIPES[name], "plots": False, "exports": ["keras"], **settings}
    for seed in seeds:
        working = RESULTS / f"{name}-{seed}"
        run = finished_job(working, **common, seed=seed)
        if name != "random":
            common.setdefault("reuse_features", str(working))
        metrics = run["metrics"]
        print(
            f"{name:<7} seed {seed:<6} "
            f"validation {metrics['val_binary_accuracy']:.3f} (best epoch, "
            f"{metrics['best_epoch']:>2}: {metrics['best_val_binary_accuracy']:.3f})  "
            f"training {metrics['binary_accuracy']:.3f}  {run['seconds']['total']:5.0f} s",
            flush=True,
        )
        found.append(metrics)
    return found


def spread(values: list[float]) -> str:
    """Return mean, standard deviation over the seeds, range, and how many are at chance."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    dead = sum(value <= CHANCE for value in values)
    return (
        f"mean {statistics.fmean(values):.3f}, standard deviation {deviation:.3f}, "
        f"{min(values):.3f} to {max(values):.3f}, {dead} of {len(values)} seeds at chance"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 11)))
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting for every run"
    )
    arguments = parser.parse_args()
    settings: dict[str, Any] = {"epochs": arguments.epochs}
    for line in arguments.set:
        settings |= tomllib.loads(line)
    started = time.monotonic()
    make_data_sets()
    link_inputs(RESULTS / "input", SOLAR_CELLS / "files")
    print(f"VGG16, 600 photographs of solar cells (420 + 180), {arguments.epochs} epochs")
    found = {
        name: run_seeds(
            name, arguments.seeds[: RANDOM_SEEDS if name == "random" else None], settings
        )
        for name in RECIPES
    }
    for title, metric in (
        ("after the last epoch", "val_binary_accuracy"),
        ("of the epoch with the lowest validation loss", "best_val_binary_accuracy"),
    ):
        print(f"\nvalidation accuracy {title}")
        for name, metrics in found.items():
            print(f"  {name:<7} {spread([each[metric] for each in metrics])}")
    print(f"{time.monotonic() - started:.0f} s in this call; models and histories in {RESULTS}")


if __name__ == "__main__":
    main()
