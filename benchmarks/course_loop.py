"""The course's own training loop, as in its notebook, with its times.

It reads `../input/car-or-truck` and writes `history.json` {"history", "seconds", "epoch_seconds"}
into the current folder. Two lines differ from the notebook. Keras 3 cannot load the base's
SavedModel folder, so the same weights come from a `.weights.h5` named on the command line. And
Python's `random` is seeded too: Keras 3 draws initial weights from it, so that the unchanged
notebook gives other figures each time.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.preprocessing import image_dataset_from_directory


def set_seed(seed: int = 31415) -> None:
    np.random.seed(seed)
    tf.random.set_seed(seed)
    os.environ["PYTHONHASHSEED"] = str(seed)
    os.environ["TF_DETERMINISTIC_OPS"] = "1"
    random.seed(seed)


def convert_to_float(image: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return tf.image.convert_image_dtype(image, dtype=tf.float32), label


def photos(split: str, *, shuffle: bool) -> tf.data.Dataset:
    return (
        image_dataset_from_directory(
            f"../input/car-or-truck/{split}",
            labels="inferred",
            label_mode="binary",
            image_size=[128, 128],
            interpolation="nearest",
            batch_size=64,
            shuffle=shuffle,
        )
        .map(convert_to_float)
        .cache()
        .prefetch(buffer_size=tf.data.experimental.AUTOTUNE)
    )


class EpochTimes(keras.callbacks.Callback):
    """Record the seconds of every epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._began = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.seconds.append(time.perf_counter() - self._began)


def main(weights: str, epochs: int) -> None:
    set_seed()
    began = time.perf_counter()
    ds_train = photos("train", shuffle=True)
    ds_valid = photos("valid", shuffle=False)
    pretrained_base = keras.applications.VGG16(
        weights=None, include_top=False, input_shape=(128, 128, 3)
    )
    pretrained_base.load_weights(weights)
    pretrained_base.trainable = False
    model = keras.Sequential(
        [
            pretrained_base,
            layers.Flatten(),
            layers.Dense(6, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["binary_accuracy"])
    times = EpochTimes()
    history = model.fit(
        ds_train, validation_data=ds_valid, epochs=epochs, verbose=0, callbacks=[times]
    )
    report = {
        "history": history.history,
        "seconds": time.perf_counter() - began,
        "epoch_seconds": times.seconds,
    }
    Path("history.json").write_text(json.dumps(report), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
