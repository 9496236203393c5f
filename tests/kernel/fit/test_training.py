"""The last layers of a base are made trainable, and labels come in the form of their label_mode."""

from typing import Any
from unittest.mock import create_autospec

import keras
import numpy as np
import pytest
from keras import layers

from kernel.data.photos import Photos, PhotoSet
from kernel.features.feature_store import FeatureStore
from kernel.features.features import Features
from kernel.fit import training, whole_model
from kernel.settings.settings import Settings


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


@pytest.mark.parametrize("class_weight", ["none", "balanced"])
def test_each_row_has_the_weight_of_its_photo_in_every_view(class_weight: str) -> None:
    own = (1.0, 2.0, 3.0, 6.0)
    train = Photos(("a", "b", "c", "d"), (0, 1, 0, 1), ("car", "truck"), weights=own)
    store: Any = create_autospec(FeatureStore, instance=True)
    rows = np.arange(8).reshape(2, 4)
    features = Features(store, rows, np.array([8]), False, "", 0.0)
    valid = Photos(("e",), (0,), ("car", "truck"))
    settings = Settings.from_mapping({"label_mode": "binary", "class_weight": class_weight})

    order = np.array([3, 0, 2, 1])
    views, validation = training.rows_of(features, PhotoSet(train, valid, ()), order, settings)

    shares = np.array(own) / ((4, 8, 4, 8) if class_weight == "balanced" else 1)
    for view in views:
        np.testing.assert_allclose(view.weights, (shares / shares.mean())[order], rtol=1e-6)
        np.testing.assert_array_equal(view.targets[:, 0], np.array([0, 1, 0, 1])[order])
    assert validation.weights is None
