"""Many heads on one feature store against one head; the memory of ten times the photos."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import table
from job import PROJECT, run_job

SAMPLE = PROJECT / "datasets" / "car-or-truck-sample"
BASE = {"base": "mobilenetv2", "base_weights": "random", "plots": False}
GRID = {
    "learning_rate": [0.0003, 0.0006, 0.001, 0.002, 0.003, 0.005, 0.007, 0.01],
    "epsilon": [1e-7, 1e-5, 1e-3, 1e-2],
}


def rows(*, quick: bool) -> list[table.Row]:
    """32 heads against one on the same features; 800 photos against 80."""
    subprocess.run([sys.executable, SAMPLE / "recipe.py"], check=True)
    repeats = 1 if quick else 3
    with tempfile.TemporaryDirectory(prefix="bench-heads-") as folder:
        root = Path(folder)
        shutil.copytree(SAMPLE / "files", root / "input" / "car-or-truck")
        first, large = run_job(root / "first", photos_per_class=200, epochs=30, **BASE)
        _, small = run_job(root / "small", photos_per_class=20, epochs=30, **BASE)
        store = {"photos_per_class": 200, "reuse_features": str(root / "first"), "epochs": 30}
        ratios = []
        for number in range(repeats):
            one, _ = run_job(root / f"one-{number}", **BASE, **store)
            many, _ = run_job(root / f"many-{number}", task="sweep", sweep=GRID, **BASE, **store)
            ratios.append(many["seconds"]["head"] / one["seconds"]["head"])
    photos = sum(sum(counts.values()) for counts in first["photos"].values())
    heads = len(GRID["learning_rate"]) * len(GRID["epsilon"])
    return [
        table.Row.of(f"{heads} heads in one sweep, 30 epochs", "one head", ratios, "< 2"),
        table.Row.of(
            f"peak memory, {photos} photos",
            f"{photos // 10} photos",
            [large.peak_bytes / small.peak_bytes],
            "< 1.2",
            f"{large.peak_bytes / 1e6:.0f} MB against {small.peak_bytes / 1e6:.0f} MB",
        ),
    ]


if __name__ == "__main__":
    table.main(rows)
