"""Labels and predictions in any of Keras' forms, as class indices and probabilities."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kernel import session
from kernel.data.photos import Photos
from kernel.files import write_csv

TABLE = "predictions.csv"


def write_table(photos: Photos, probabilities: ArrayLike) -> None:
    """Write predictions.csv: a row for each photo, in their order.

    `path` is the photo's within its folder; `probability` is that of the predicted class.
    """
    import pandas as pd

    values, true = class_probabilities(probabilities), class_indices(photos.labels)
    predicted, rows = values.argmax(axis=1), np.arange(len(true))
    names = [session.utf8(name) for name in photos.class_names]
    table = pd.DataFrame(
        {
            "path": [session.utf8(path) for path in short_paths(photos.paths)],
            "true": [names[index] for index in true],
            "predicted": [names[index] for index in predicted],
            "probability": values[rows, predicted],
            "probability_of_true": values[rows, true],
        }
    )
    write_csv(TABLE, table)


def short_paths(paths: tuple[str, ...]) -> list[str]:
    """Return the paths from the folder that all of them are in, such as `Car/001.jpg`."""
    folder = os.path.commonpath([Path(path).parent.parent for path in paths]) if paths else ""
    return [Path(path).relative_to(folder).as_posix() for path in paths]


def class_indices(labels: ArrayLike) -> NDArray[np.int64]:
    """Return class indices [n] for labels: int [n], binary [n, 1] or categorical [n, classes]."""
    values = np.asarray(labels)
    if values.ndim == 2 and values.shape[1] > 1:
        return values.argmax(axis=1)
    return np.rint(np.nan_to_num(values.reshape(-1))).astype(np.int64)


def class_probabilities(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Return probabilities [n, classes]; a single output is that of the second of two classes."""
    values = np.nan_to_num(np.asarray(probabilities, dtype=np.float64))
    if values.ndim == 2 and values.shape[1] > 1:
        return values
    second = values.reshape(-1)
    return np.stack([1 - second, second], axis=1)


def mistake_indices(labels: ArrayLike, probabilities: ArrayLike) -> NDArray[np.int64]:
    """Return where the model is wrong, the lowest probability of the true class first."""
    true, predicted = class_indices(labels), class_probabilities(probabilities)
    wrong = np.flatnonzero(predicted.argmax(axis=1) != true)
    return wrong[np.argsort(predicted[wrong, true[wrong]], kind="stable")]
