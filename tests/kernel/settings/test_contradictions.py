"""Settings that do not fit together are refused with the one to change."""

from typing import Any

import pytest

from kernel.settings.settings import Settings, SettingsError

VGG16: dict[str, Any] = {"base": "vgg16"}


@pytest.mark.parametrize(
    ("setting", "settings"),
    [
        ("loss", {"loss": "categorical_crossentropy", "label_mode": "binary"}),
        ("loss", {"loss": "sparse_categorical_crossentropy", "label_mode": "categorical"}),
        ("loss", {"loss": "mean_squared_error", "label_mode": "int"}),
        ("metrics", {"metrics": ["binary_accuracy"], "label_mode": "int"}),
        ("metrics", {"metrics": ["sparse_categorical_accuracy"], "label_mode": "categorical"}),
        ("metrics", {"metrics": ["auto", "categorical_accuracy"], "label_mode": "binary"}),
        ("interpolation", {"interpolation": "gaussian", "crop_to_aspect_ratio": True}),
        ("interpolation", {"interpolation": "mitchellcubic", "crop_to_aspect_ratio": True}),
        ("labels", {"labels": [0, 1]}),
        ("class_names", {"labels": [0, 1], "validation_split": 0.5, "class_names": ["a", "b"]}),
        ("class_names", {"class_names": ["Car", "Car"]}),
        ("fine_tune_epochs", {"base": "convnet", "fine_tune_epochs": 3}),
        ("levels", {"base": "convnet", "levels": 3}),
        ("pooling", {**VGG16, "levels": 3, "pooling": "max"}),
        ("weights_csv", {**VGG16, "weights_csv": "w.csv", "augment_zoom": 0.1}),
        ("levels", {**VGG16, "levels": 3, "fine_tune_epochs": 1}),
        ("average_flips", {**VGG16, "average_flips": "horizontal", "base_trainable": True}),
        ("augment_views", {**VGG16, "augment_views": 3}),
        ("augment_views", {"base": "convnet", "augment_views": 3, "augment_zoom": 0.1}),
        ("augment_views", {**VGG16, "task": "sweep", "sweep": {"units": [6]}, "augment_zoom": 0.1}),
        ("submission", {"predict_folder": "test", "submission": ["id", "id"]}),
        ("sweep", {**VGG16, "task": "sweep"}),
        ("sweep", {**VGG16, "sweep": {"units": [6], "momentum": [0, 0.5]}, "sweep_by": "row"}),
        ("base_trainable", {"base": "convnet", "task": "sweep", "sweep": {"units": [6]}}),
        ("color_mode", {**VGG16, "color_mode": "grayscale"}),
        (
            "preprocessing",
            {**VGG16, "color_mode": "rgba", "base_weights": "random", "preprocessing": "base"},
        ),
        ("image_size", {**VGG16, "image_size": 16}),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    setting: str, settings: dict[str, Any]
) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_mapping(settings)

    assert [each.setting for each in caught.value.problems] == [setting]


@pytest.mark.parametrize(
    "settings",
    [
        {"loss": "categorical_crossentropy", "label_mode": "categorical"},
        {"loss": "mean_squared_error", "metrics": ["accuracy", "mean_squared_error"]},
        {"interpolation": "lanczos5", "crop_to_aspect_ratio": True},
        {"labels": [0, 1], "validation_split": 0.5},
        {**VGG16, "fine_tune_epochs": 3},
        {**VGG16, "levels": 3, "average_flips": "vertical", "augment_zoom": 0.1},
        {**VGG16, "augment_views": 3, "augment_contrast": 0.1},
        {**VGG16, "task": "sweep", "sweep": {"units": [6, 32]}},
        {**VGG16, "color_mode": "grayscale", "base_weights": "random"},
    ],
)
def test_settings_that_fit_together_are_accepted(settings: dict[str, Any]) -> None:
    Settings.from_mapping(settings)
