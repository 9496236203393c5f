"""Logistic regression on raw pixels of the car-or-truck sample: the baseline of a convnet.

    python benchmarks/sample_baseline.py [FOLDER]

Photos are read as the job reads them (128x128, nearest), and also averaged to 32x32. Size and L2
penalty are chosen on a fifth of the training photos. Only the best choice is then fitted to all of
them and evaluated on the validation photos. Needs numpy and Pillow.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SAMPLE = Path(__file__).resolve().parents[1] / "datasets" / "car-or-truck-sample" / "files"
SIZES = {128: Image.Resampling.NEAREST, 32: Image.Resampling.BOX}
PENALTIES = (10.0, 100.0, 1_000.0)
NEWTON_STEPS = 10

Array = NDArray[np.float64]


def pixels(folder: Path, size: int) -> tuple[Array, Array]:
    """Return photos as rows of values in 0…1, and labels 0, 1 in alphabetical order of class."""
    rows, labels = [], []
    for label, class_folder in enumerate(sorted(p for p in folder.iterdir() if p.is_dir())):
        for path in sorted(class_folder.iterdir()):
            with Image.open(path) as photo:
                small = photo.convert("RGB").resize((size, size), SIZES[size])
            rows.append(np.asarray(small, dtype=np.float32).ravel() / 255)
            labels.append(label)
    return np.array(rows, dtype=np.float64), np.array(labels, dtype=np.float64)


def fit(kernel: Array, labels: Array, penalty: float) -> tuple[Array, float]:
    """Fit L2-penalised logistic regression by Newton's method; return dual weights and bias.

    With `kernel = X @ X.T` the pixels' weights are `X.T @ dual`: the optimum is a combination of
    the photos, so that there is one unknown for each photo instead of 49,152 for the pixels.
    """
    count = len(labels)
    dual, bias = np.zeros(count), 0.0
    for _ in range(NEWTON_STEPS):
        probability = 1 / (1 + np.exp(-np.clip(kernel @ dual + bias, -30, 30)))
        curvature = np.maximum(probability * (1 - probability), 1e-6)
        system = np.empty((count + 1, count + 1))
        system[:count, :count] = kernel + penalty * np.diag(1 / curvature)
        system[:count, count] = system[count, :count] = 1
        system[count, count] = 0
        target = kernel @ dual + bias + (labels - probability) / curvature
        *dual_now, bias = np.linalg.solve(system, np.append(target, 0.0))
        dual = np.array(dual_now)
    return dual, bias


def accuracy(train: tuple[Array, Array], valid: tuple[Array, Array], penalty: float) -> float:
    """Fit to `train` and return the accuracy on `valid`."""
    mean = train[0].mean(axis=0)
    known, unknown = train[0] - mean, valid[0] - mean
    dual, bias = fit(known @ known.T, train[1], penalty)
    guesses = unknown @ known.T @ dual + bias > 0
    return float((guesses == valid[1]).mean())


def main(folder: Path) -> None:
    if not folder.is_dir():
        raise SystemExit(f"{folder} does not exist: run datasets/car-or-truck-sample/recipe.py.")
    best: tuple[float, int, float] = (0.0, 0, 0.0)
    data: dict[int, Any] = {}
    for size in SIZES:
        rows, labels = data[size] = pixels(folder / "train", size)
        held_out = np.random.default_rng(31415).permutation(len(labels)) < len(labels) // 5
        for penalty in PENALTIES:
            score = accuracy(
                (rows[~held_out], labels[~held_out]), (rows[held_out], labels[held_out]), penalty
            )
            best = max(best, (score, size, penalty))
    score, size, penalty = best
    print(f"chosen on a fifth of train: {size}x{size} pixels, penalty {penalty:g} ({score:.3f})")
    result = accuracy(data[size], pixels(folder / "valid", size), penalty)
    print(f"logistic regression on raw pixels: validation accuracy {result:.3f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE)
