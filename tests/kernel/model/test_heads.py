"""The head has the layers, loss, metrics and optimizer of the settings."""

import re
from typing import Any

import numpy as np
import pytest

from kernel.model import heads
from kernel.settings.knobs import KNOBS
from kernel.settings.settings import Settings


def settings(**changed: Any) -> Settings:
    return Settings.from_mapping({"base": "vgg16", "label_mode": "binary", **changed})


def kinds(layers: list[Any]) -> list[str]:
    return [type(layer).__name__ for layer in layers]


def test_the_default_head_is_that_of_the_course() -> None:
    layers = heads.build(settings(), classes=2, feature_rank=3)

    assert kinds(layers) == ["Flatten", "Dense", "Dense"]
    assert [(layer.units, layer.activation.__name__) for layer in layers[1:]] == [
        (6, "relu"),
        (1, "sigmoid"),
    ]


def test_every_hidden_layer_is_followed_by_its_dropout() -> None:
    layers = heads.build(settings(units=[8, 4], dropout=0.5), classes=2, feature_rank=3)

    assert kinds(layers) == ["Flatten", "Dense", "Dropout", "Dense", "Dropout", "Dense"]


@pytest.mark.parametrize("label_mode", ["int", "categorical"])
def test_more_than_two_classes_have_one_output_each(label_mode: str) -> None:
    last = heads.build(settings(label_mode=label_mode), classes=5, feature_rank=3)[-1]

    assert (last.units, last.activation.__name__) == (5, "softmax")


@pytest.mark.parametrize(
    ("pooling", "layer"),
    [
        ("auto", "Flatten"),
        ("flatten", "Flatten"),
        ("average", "GlobalAveragePooling2D"),
        ("max", "GlobalMaxPooling2D"),
    ],
)
def test_the_pooling_is_that_of_the_settings(pooling: str, layer: str) -> None:
    assert kinds(heads.build(settings(pooling=pooling), 2, feature_rank=3))[0] == layer


def test_features_that_are_pooled_already_are_only_flattened() -> None:
    assert kinds(heads.build(settings(pooling="max"), 2, feature_rank=1))[0] == "Flatten"


def test_the_head_is_a_model_on_features() -> None:
    head = heads.model(heads.build(settings(), 2, feature_rank=3), (2, 2, 8))

    assert head(np.zeros((3, 2, 2, 8), "float32")).shape == (3, 1)


@pytest.mark.parametrize(
    ("label_mode", "loss", "metric"),
    [
        ("binary", "binary_crossentropy", "binary_accuracy"),
        ("categorical", "categorical_crossentropy", "categorical_accuracy"),
        ("int", "sparse_categorical_crossentropy", "sparse_categorical_accuracy"),
    ],
)
def test_loss_and_metrics_depend_on_the_form_of_the_labels(
    label_mode: str, loss: str, metric: str
) -> None:
    chosen = settings(label_mode=label_mode, metrics=["auto", "accuracy"])

    assert heads.loss_name(chosen) == loss
    assert heads.metric_names(chosen) == [metric, "accuracy"]


def test_loss_and_metrics_of_the_settings_are_used_as_they_are() -> None:
    chosen = settings(loss="mean_squared_error", metrics="accuracy")

    assert heads.loss_name(chosen) == "mean_squared_error"
    assert heads.metric_names(chosen) == ["accuracy"]


@pytest.mark.parametrize("name", ["adam", "adamw", "nadam", "rmsprop", "sgd"])
def test_an_optimizer_gets_those_of_its_options_that_it_has(name: str) -> None:
    chosen = settings(optimizer=name, epsilon=0.01, momentum=0.5)

    options = heads.optimizer(chosen, learning_rate=0.25).get_config()

    assert options["learning_rate"] == pytest.approx(0.25)
    assert options.get("epsilon", 0.01) == pytest.approx(0.01)
    assert options.get("momentum", 0.5) == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["optimizer", "activation"])
def test_every_choice_of_the_settings_compiles(name: str) -> None:
    for choice in re.findall("'([^']+)'", KNOBS[name].validator.allowed):
        chosen = settings(**{name: choice})
        head = heads.model(heads.build(chosen, 2, feature_rank=1), (8,))

        heads.compile_model(head, chosen, learning_rate=0.1)

        assert head(np.zeros((1, 8), "float32")).shape == (1, 1)


def test_a_compiled_model_has_a_complete_optimizer_before_any_training() -> None:
    head = heads.model(heads.build(settings(), 2, feature_rank=1), (8,))

    heads.compile_model(head, settings(), learning_rate=0.1)

    # A mean and a variance for each weight, the iterations and the learning rate.
    assert len(head.optimizer.variables) == 2 * len(head.trainable_variables) + 2


def test_augmentation_has_a_layer_for_each_setting_that_is_on() -> None:
    chosen = settings(
        augment_flip="horizontal", augment_rotation=0.1, augment_zoom=0.1,
        augment_translation=0.1, augment_contrast=0.1,
    )  # fmt: skip

    assert heads.augmentation(settings()) == []
    assert kinds(heads.augmentation(chosen)) == [
        "RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast",
    ]  # fmt: skip


def test_augmentation_changes_photos_in_training_only() -> None:
    photos = np.random.RandomState(0).rand(2, 16, 16, 3).astype("float32")
    (contrast,) = heads.augmentation(settings(augment_contrast=0.9))

    np.testing.assert_array_equal(contrast(photos, training=False), photos)
    assert np.abs(contrast(photos, training=True) - photos).max() > 0
