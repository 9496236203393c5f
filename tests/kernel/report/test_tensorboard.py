"""Logs that TensorBoard reads."""

import math
from pathlib import Path

import pytest
import tensorflow as tf

from kernel.report import tensorboard


def scalars(folder: Path) -> dict[tuple[str, int], float]:
    """Return the values in a folder's one file of events, by name and epoch."""
    (file,) = folder.iterdir()
    records = tf.data.TFRecordDataset(str(file))
    events = [tf.compat.v1.Event.FromString(record.numpy()) for record in records]
    return {
        (value.tag, event.step): float(tf.make_ndarray(value.tensor))
        for event in events
        for value in event.summary.value
    }


def test_each_metric_is_a_curve_by_epoch_and_validation_is_drawn_with_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tensorboard.write({"loss": [0.5, 0.25], "val_loss": [0.75, math.nan]})
    assert scalars(tensorboard.FOLDER / "train") == {("loss", 1): 0.5, ("loss", 2): 0.25}
    assert scalars(tensorboard.FOLDER / "validation") == {("loss", 1): 0.75}
