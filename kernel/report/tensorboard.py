"""Logs for TensorBoard: each metric by epoch, training and validation in one chart."""

import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import tensorflow as tf

FOLDER = Path("tensorboard")


def write(history: Mapping[str, Sequence[float]]) -> None:
    """Write the history into `FOLDER`, in TensorBoard's folders `train` and `validation`."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    for part, is_validation in (("train", False), ("validation", True)):
        writer = tf.summary.create_file_writer(str(FOLDER / part))
        with writer.as_default():
            for name, values in history.items():
                if name.startswith("val_") == is_validation:
                    _write_curve(name.removeprefix("val_"), values)
        writer.close()


def _write_curve(name: str, values: Sequence[float]) -> None:
    # `tf.summary.scalar` needs the package tensorboard, which is not everywhere.
    metadata = tf.compat.v1.SummaryMetadata()
    metadata.plugin_data.plugin_name = "scalars"
    for epoch, value in enumerate(values, 1):
        if math.isfinite(value):
            tf.summary.write(name, tf.constant(value, tf.float32), step=epoch, metadata=metadata)
