"""The last layers of a base are made trainable, and labels come in the form of their label_mode."""

import keras
import numpy as np
import pytest
from keras import layers

from kernel.data.photos import Photos
from kernel.fit import training, whole_model


def base() -> keras.Model:
    inner = keras.Sequential(
        [keras.Input((4,)), layers.Dense(4, name="inner_1"), layers.Dense(4, name="inner_2")]
    )
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(4, name="first"),
            inner,
            layers.BatchNormalization(name="normalisation"),
            layers.ReLU(),
            layers.Dense(4, name="last"),
        ]
    )


@pytest.mark.parametrize(
    ("count", "names"),
    [
        (1, ["last"]),
        (3, ["inner_1", "inner_2", "last"]),
        (9, ["first", "inner_1", "inner_2", "last"]),
    ],
)
def test_the_last_layers_with_weights_become_trainable_also_in_a_nested_model(
    count: int, names: list[str]
) -> None:
    model = base()

    assert whole_model.unfreeze_top(model, count) == names

    trainable = {variable.path.split("/")[-2] for variable in model.trainable_variables}
    assert trainable == set(names)


def test_batch_normalisation_is_never_made_trainable() -> None:
    model = base()

    whole_model.unfreeze_top(model, 100)

    assert not model.get_layer("normalisation").trainable


@pytest.mark.parametrize(
    ("label_mode", "expected"),
    [
        ("binary", np.array([[0], [1]], "float32")),
        ("categorical", np.array([[1, 0], [0, 1]], "float32")),
        ("int", np.array([0, 1], "int32")),
    ],
)
def test_targets_have_the_form_and_type_of_their_label_mode(
    label_mode: str, expected: np.ndarray
) -> None:
    photos = Photos(("a.jpg", "b.jpg"), (0, 1), ("car", "truck"))

    targets = training.targets(photos, label_mode, classes=2)

    np.testing.assert_array_equal(targets, expected, strict=True)
