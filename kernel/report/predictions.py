"""Labels and predictions in any of Keras' forms, as class indices and probabilities."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


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
