"""Weights of the photos in the training loss: those of their classes, and their own."""

from typing import Any

import numpy as np
import tensorflow as tf

from kernel.data import balance
from kernel.data.photos import Photos
from kernel.settings.settings import Settings


def class_weights(photos: Photos, settings: Settings) -> np.ndarray[Any, Any] | None:
    """Return the weight of each class in the training loss, or None if all count the same."""
    return balance.weights(photos) if settings.class_weight == "balanced" else None


def photo_weights(photos: Photos, settings: Settings) -> np.ndarray[Any, Any] | None:
    """Return the weight [photos] of each in the training loss, or None if all count the same.

    Their mean is 1, so that the loss compares with that of the validation.
    """
    labels = np.array(photos.labels)
    if not photos.weights:
        of_classes = class_weights(photos, settings)
        return None if of_classes is None else of_classes[labels]
    own = np.array(photos.weights)
    if settings.class_weight == "balanced":
        sums = np.bincount(labels, own, minlength=len(photos.class_names))
        own /= np.where(sums > 0, sums, 1)[labels]
    return (own / own.mean()).astype(np.float32)


def sample_weights(targets: Any, weights: np.ndarray[Any, Any]) -> Any:
    """Return the weight [batch] of each target's class; targets have the form of a label_mode."""
    if targets.shape.rank == 2 and targets.shape[1] > 1:
        labels = tf.argmax(targets, axis=1)
    else:
        labels = tf.cast(tf.reshape(targets, [-1]), tf.int64)
    return tf.gather(tf.constant(weights, tf.float32), labels)
