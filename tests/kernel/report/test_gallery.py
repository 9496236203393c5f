"""The gallery draws every picture of a run, of photos as the model gets them."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from support.kernel_runs import SIDE

from kernel.data import photos
from kernel.data.photos import PhotoSet
from kernel.report import gallery
from kernel.settings.settings import Settings


@pytest.fixture(scope="module")
def settings(two_classes: Path) -> Settings:
    return Settings.from_mapping(
        {"data": str(two_classes), "image_size": [SIDE, SIDE], "sheet_photos": 3}
    )


@pytest.fixture(scope="module")
def photo_set(settings: Settings) -> PhotoSet:
    return photos.find(settings)


def functional(shape: tuple[int, ...], steps: list[layers.Layer], name: str) -> keras.Model:
    """Return a model like the bases of keras.applications: functional, not Sequential."""
    inputs = x = keras.Input(shape)
    for layer in steps:
        x = layer(x)
    return keras.Model(inputs, x, name=name)


def convolutions(count: int) -> list[layers.Layer]:
    return [layers.Conv2D(2, 3, name=f"conv_{index}") for index in range(count)]


def test_every_picture_of_a_run_is_drawn(
    settings: Settings, photo_set: PhotoSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    base = functional(settings.input_shape, convolutions(2), "convnet")
    probabilities = np.linspace(0, 1, len(photo_set.valid))[:, None]

    gallery.draw(settings, base, photo_set, {"loss": [0.7], "val_loss": [0.6]}, probabilities)

    assert {path.name for path in gallery.FOLDER.iterdir()} == {
        *("loss.png", "loss_zoom.png", "photos.png"),
        *("mistakes.png", "confusion.png", "feature_maps.png"),
    }


def test_a_class_name_that_no_font_can_show_is_named_with_what_helps(
    two_classes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # For private use: no font has it.
    for split in ("train", "valid"):
        shutil.copytree(two_classes / split, tmp_path / split)
        folder = min((tmp_path / split).iterdir())
        folder.rename(folder.with_name("\ue0fe"))
    settings = Settings.from_mapping(
        {"data": str(tmp_path), "image_size": [SIDE, SIDE], "sheet_photos": 3}
    )
    photo_set = photos.find(settings)
    monkeypatch.chdir(tmp_path)
    probabilities = np.linspace(0, 1, len(photo_set.valid))[:, None]

    base = functional(settings.input_shape, convolutions(1), "convnet")
    gallery.draw(settings, base, photo_set, {"loss": [0.7], "val_loss": [0.6]}, probabilities)

    assert "all characters of \ue0fe; the package mplfonts" in capsys.readouterr().out


def test_images_come_in_the_order_of_their_indices(settings: Settings, photo_set: PhotoSet) -> None:
    images = gallery.load_images(photo_set.train, np.array([5, 0, 7]), settings)

    assert images.shape == (3, SIDE, SIDE, 3)
    assert 0 <= images.min() < images.max() <= 1
    alone = gallery.load_images(photo_set.train, np.array([7]), settings)
    np.testing.assert_array_equal(images[2], alone[0])


def test_no_indices_give_no_images(settings: Settings, photo_set: PhotoSet) -> None:
    images = gallery.load_images(photo_set.train, np.array([], int), settings)

    assert images.shape == (0, SIDE, SIDE, 3)


def test_layer_outputs_are_spread_over_the_depth_of_the_base() -> None:
    base = functional((40, 40, 1), [*convolutions(15), layers.Flatten()], "deep")

    outputs = gallery.layer_outputs(base, np.ones((1, 40, 40, 1), "float32"))

    assert list(outputs) == [f"conv_{index}" for index in range(0, 15, 2)]
    assert outputs["conv_0"].shape == (1, 38, 38, 2)


def test_the_preprocessing_in_front_of_a_base_is_applied_first() -> None:
    core = functional((8, 8, 1), [layers.ReLU(name="relu")], "core")
    base = keras.Sequential([keras.Input((8, 8, 1)), layers.Rescaling(2.0), core], name="base")

    outputs = gallery.layer_outputs(base, np.ones((1, 8, 8, 1), "float32"))

    np.testing.assert_array_equal(outputs["relu"], np.full((1, 8, 8, 1), 2.0))


def test_a_base_without_known_layers_shows_its_output() -> None:
    base = layers.MaxPooling2D(name="opaque")

    outputs = gallery.layer_outputs(base, np.ones((1, 8, 8, 1), "float32"))

    assert {name: output.shape for name, output in outputs.items()} == {"opaque": (1, 4, 4, 1)}
