"""Predictions of every exported form of a run's model, on the photos' own files."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

Predict = Callable[[Any], Any]


def forms(run: Path) -> Iterator[tuple[str, Predict]]:
    """Yield each form of the model in a run's folder: its name, and a function of photos."""
    import keras
    import tensorflow as tf

    from kernel.model import saved_base  # noqa: F401 - an archive may hold its layer

    yield "model.keras", keras.saving.load_model(run / "model.keras", compile=False)
    architecture = (run / "model.json").read_text("utf-8")
    with_weights = keras.models.model_from_json(architecture)
    with_weights.load_weights(run / "model.weights.h5")
    yield "model.weights.h5", with_weights
    loaded = tf.saved_model.load(run / "saved_model")
    yield "saved_model", lambda photos: loaded.serve(tf.constant(photos))


def largest_differences(run: Path, photos: Path) -> tuple[dict[str, float], float]:
    """Return each form's largest difference from the run's own predictions, and the tolerance.

    `photos` is the folder with the class folders. A form sees each file as it is, in its own size.
    """
    import tensorflow as tf

    with (run / "predictions.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    classes = json.loads((run / "labels.json").read_text("utf-8"))["classes"]
    expected = [float(row["probability_of_true"]) for row in rows]
    differences = {}
    for name, predict in forms(run):
        found = []
        for row in rows:
            contents = (photos / row["path"]).read_bytes()
            pixels = tf.io.decode_image(contents, channels=3, expand_animations=False).numpy()
            outputs = np.asarray(predict(pixels[np.newaxis].astype("float32")))[0]
            second = outputs if len(outputs) > 1 else np.array([1 - outputs[0], outputs[0]])
            found.append(float(second[classes.index(row["true"])]))
        differences[name] = float(np.abs(np.subtract(found, expected)).max())
    tolerance = json.loads((run / "check.json").read_text("utf-8"))["photos_tolerance"]
    return differences, tolerance
