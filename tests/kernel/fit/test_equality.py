"""The head trained on stored features equals the course's own loop, bit for bit."""

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.kernel_runs import SIDE, Run

EPOCHS = 3


def course_loop(folder: Path, make_base: Callable[[], Any]) -> tuple[dict[str, Any], list[Any]]:
    """Run the course's notebook; also seed Python's `random`, from which Keras 3 draws seeds.

    Returns the history and the weights of the head.
    """
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

    set_seed(31415)
    ds_train_ = image_dataset_from_directory(
        str(folder / "train"),
        labels="inferred",
        label_mode="binary",
        image_size=[SIDE, SIDE],
        interpolation="nearest",
        batch_size=16,
        shuffle=True,
    )
    ds_valid_ = image_dataset_from_directory(
        str(folder / "valid"),
        labels="inferred",
        label_mode="binary",
        image_size=[SIDE, SIDE],
        interpolation="nearest",
        batch_size=16,
        shuffle=False,
    )

    def convert_to_float(image: Any, label: Any) -> Any:
        return tf.image.convert_image_dtype(image, dtype=tf.float32), label

    autotune = tf.data.experimental.AUTOTUNE
    ds_train = ds_train_.map(convert_to_float).cache().prefetch(buffer_size=autotune)
    ds_valid = ds_valid_.map(convert_to_float).cache().prefetch(buffer_size=autotune)
    pretrained_base = make_base()
    pretrained_base.trainable = False
    head = [
        layers.Flatten(),
        layers.Dense(6, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ]
    model = keras.Sequential([pretrained_base, *head])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["binary_accuracy"])
    history = model.fit(ds_train, validation_data=ds_valid, epochs=EPOCHS, verbose=0)
    return history.history, [weights for layer in head for weights in layer.get_weights()]


def vgg16(weights: Path) -> Any:
    import keras

    base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(SIDE, SIDE, 3))
    base.load_weights(weights)
    return base


def mobilenetv2(_: Path) -> Any:
    import keras

    return keras.applications.MobileNetV2(
        weights=None, include_top=False, input_shape=(SIDE, SIDE, 3)
    )


# The course's own call says shuffle=True to a data set that is shuffled already.
@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed:UserWarning")
@pytest.mark.parametrize(
    ("base", "make_base"),
    [("vgg16", vgg16), ("mobilenetv2", mobilenetv2)],
    ids=["vgg16", "mobilenetv2"],
)
def test_the_head_on_stored_features_equals_the_courses_bit_for_bit(
    base: str,
    make_base: Callable[[Path], Any],
    run_job: Callable[..., Run],
    two_classes: Path,
    vgg16_weights: Path,
) -> None:
    weights = str(vgg16_weights) if base == "vgg16" else "random"
    run = run_job(base=base, base_weights=weights, preprocessing="unit", epochs=EPOCHS, keep="last")

    history, head = course_loop(two_classes, lambda: make_base(vgg16_weights))

    for metric, values in history.items():
        assert run.history[metric] == values, metric
    for ours, theirs in zip(run.weights[-len(head) :], head, strict=True):
        np.testing.assert_array_equal(ours, theirs)
