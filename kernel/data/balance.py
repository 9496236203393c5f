"""How evenly the classes share the photos, and the weights that make up for it."""

import numpy as np

from kernel.data.photos import Photos

_IMBALANCE = 4  # times as many photos of one class as of another


def weights(photos: Photos) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return a weight for each class with which all classes count the same in the loss.

    Their mean over the photos is 1.
    """
    counts = np.bincount(photos.labels, minlength=len(photos.class_names))
    return (len(photos) / (len(counts) * np.maximum(counts, 1))).astype(np.float32)


def imbalance(photos: Photos) -> str:
    """Return a warning where one class has many more photos than another, else nothing."""
    counts = photos.counts()
    most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    if counts[most] < _IMBALANCE * counts[least]:
        return ""
    return (
        f"imbalance: {counts[most]} photos of {most} and {counts[least]} of {least} to train on. "
        f"Judge by balanced_accuracy, not by accuracy, and try class_weight = 'balanced'."
    )
