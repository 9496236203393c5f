"""Time of many heads on one feature store, and memory of a run with ten times the photos."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import real_inputs
import table
from job import run_job

COURSE = {"base": "vgg16", "epochs": 30, "plots": False}
LIGHT = {"base": "mobilenetv2", "base_weights": "random", "epochs": 30, "plots": False}
LIGHTEST = {"base": "convnet", "base_trainable": False, "epochs": 3, "plots": False}
# Photos of each class and split in the small run; the large one has ten times as many.
PER_CLASS = 50
GRID = {
    "learning_rate": [0.0003, 0.0006, 0.001, 0.002, 0.003, 0.005, 0.007, 0.01],
    "epsilon": [1e-7, 1e-5, 1e-3, 1e-2],
}


def rows(*, quick: bool) -> list[table.Row]:
    """Compare 32 heads with one on the same features, and 2,000 photos with 200."""
    with tempfile.TemporaryDirectory(prefix="bench-heads-") as folder:
        root = Path(folder)
        (root / "heads").mkdir()
        (root / "memory").mkdir()
        return [sweep(root / "heads", quick=quick), memory(root / "memory", quick=quick)]


def sweep(root: Path, *, quick: bool) -> table.Row:
    """Compare the head's seconds in a sweep of 32 heads and in a run of one, without the base's."""
    per_class = {"train": 6, "valid": 2} if quick else {"train": 144, "valid": 48}
    real_inputs.lay_out(root / "input", per_class)
    # The first run of one head stores the features that all later runs train on.
    settings, ratios = COURSE, []
    for number in range(1 if quick else 3):
        one, _ = run_job(root / f"one-{number}", **settings)
        settings = {**COURSE, "reuse_features": str(root / "one-0")}
        many, _ = run_job(root / f"many-{number}", task="sweep", sweep=GRID, **settings)
        ratios.append(many["seconds"]["head"] / one["seconds"]["head"])
    heads = len(GRID["learning_rate"]) * len(GRID["epsilon"])
    what = f"{heads} heads in one sweep, 30 epochs, {2 * sum(per_class.values())} photos"
    return table.Row.of(what, "one head", ratios, "< 2")


def memory(root: Path, *, quick: bool) -> table.Row:
    """Compare the peak memory of a run with that of a run on ten times the photos.

    Both have enough photos for a full batch, so that its size does not change the ratio.
    """
    real_inputs.lay_out(root / "input", dict.fromkeys(("train", "valid"), 10 * PER_CLASS))
    base = LIGHTEST if quick else LIGHT
    large_run, large = run_job(root / "large", photos_per_class=10 * PER_CLASS, **base)
    small_run, small = run_job(root / "small", photos_per_class=PER_CLASS, **base)
    return table.Row.of(
        f"peak memory, {photos(large_run)} photos",
        f"{photos(small_run)} photos",
        [large.peak_bytes / small.peak_bytes],
        "< 1.2",
        f"{large.peak_bytes / 1e6:.0f} MB against {small.peak_bytes / 1e6:.0f} MB",
    )


def photos(run: dict[str, Any]) -> int:
    """Return the number of photos in a run."""
    return sum(sum(counts.values()) for counts in run["photos"].values())


if __name__ == "__main__":
    table.main(rows)
