"""Many heads on one feature store against one head; the memory of ten times the photos."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import real_inputs
import table
from job import PROJECT, run_job

SAMPLE = PROJECT / "datasets" / "car-or-truck-sample"
LIGHT = {"base": "mobilenetv2", "base_weights": "random", "epochs": 30, "plots": False}
COURSE = {"base": "vgg16", "epochs": 30, "plots": False}
GRID = {
    "learning_rate": [0.0003, 0.0006, 0.001, 0.002, 0.003, 0.005, 0.007, 0.01],
    "epsilon": [1e-7, 1e-5, 1e-3, 1e-2],
}


def rows(*, quick: bool) -> list[table.Row]:
    """32 heads against one on the same features; 800 photos against 80."""
    with tempfile.TemporaryDirectory(prefix="bench-heads-") as folder:
        root = Path(folder)
        (root / "heads").mkdir()
        (root / "memory").mkdir()
        return [sweep(root / "heads", quick=quick), memory(root / "memory")]


def sweep(root: Path, *, quick: bool) -> table.Row:
    """The course's head, 32 of them in one sweep and one alone; the base is run for neither."""
    per_class = {"train": 12, "valid": 4} if quick else {"train": 144, "valid": 48}
    real_inputs.lay_out(root / "input", per_class)
    run_job(root / "first", **COURSE)
    store = {**COURSE, "reuse_features": str(root / "first")}
    ratios = []
    for number in range(1 if quick else 3):
        one, _ = run_job(root / f"one-{number}", **store)
        many, _ = run_job(root / f"many-{number}", task="sweep", sweep=GRID, **store)
        ratios.append(many["seconds"]["head"] / one["seconds"]["head"])
    heads = len(GRID["learning_rate"]) * len(GRID["epsilon"])
    what = f"{heads} heads in one sweep, 30 epochs, {2 * sum(per_class.values())} photos"
    return table.Row.of(what, "one head", ratios, "< 2")


def memory(root: Path) -> table.Row:
    """What ten times the photos do to the peak of a run's memory."""
    subprocess.run([sys.executable, SAMPLE / "recipe.py"], check=True)
    shutil.copytree(SAMPLE / "files", root / "input" / "car-or-truck")
    run, large = run_job(root / "large", photos_per_class=200, **LIGHT)
    _, small = run_job(root / "small", photos_per_class=20, **LIGHT)
    photos = sum(sum(counts.values()) for counts in run["photos"].values())
    return table.Row.of(
        f"peak memory, {photos} photos",
        f"{photos // 10} photos",
        [large.peak_bytes / small.peak_bytes],
        "< 1.2",
        f"{large.peak_bytes / 1e6:.0f} MB against {small.peak_bytes / 1e6:.0f} MB",
    )


if __name__ == "__main__":
    table.main(rows)
