"""Sheets of pictures are complete PNG files for every kind of photo and label."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.pictures import is_drawn

from kernel.report import sheets
from kernel.report.predictions import mistake_indices

RANDOM = np.random.default_rng(0)
PHOTOS = RANDOM.random((7, 8, 12, 3))


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (PHOTOS, RANDOM.integers(0, 2, (7, 1)).astype(np.float32)),
        (PHOTOS[..., :1], RANDOM.integers(0, 2, 7)),
        ((PHOTOS * 255).astype(np.uint8), np.eye(2)[RANDOM.integers(0, 2, 7)]),
    ],
    ids=["colour, binary", "grey, int", "uint8, categorical"],
)
def test_a_photo_sheet_takes_every_kind_of_photo_and_label(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray
) -> None:
    sheets.photo_sheet(images, labels, ["car", "truck"], tmp_path / "photos.png")

    assert is_drawn(tmp_path / "photos.png")


def test_class_names_in_any_script_are_drawn_without_a_warning(tmp_path: Path) -> None:
    names = ["卡车 $x^2$ {", "Ünïcödé voiture à très longue étiquette"]

    sheets.photo_sheet(PHOTOS, [0, 1] * 3 + [0], names, tmp_path / "photos.png")

    assert is_drawn(tmp_path / "photos.png")


def test_a_mistakes_sheet_is_drawn_for_the_worst_mistakes_only(tmp_path: Path) -> None:
    labels, probabilities = [0, 0, 1, 1], [[0.6], [0.9], [0.2], [0.95]]
    worst = mistake_indices(labels, probabilities)

    for count in (3, 2):
        path = tmp_path / f"{count}.png"
        sheets.mistakes_sheet(PHOTOS[worst[:count]], labels, probabilities, ["car", "truck"], path)
        assert is_drawn(path)


def test_a_model_without_mistakes_gets_a_sheet_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "mistakes.png"

    sheets.mistakes_sheet(PHOTOS[:0], [0, 1], [0.1, 0.9], ["car", "truck"], path)

    assert is_drawn(path)


def test_feature_maps_are_drawn_for_each_layer_and_flat_outputs_are_left_out(
    tmp_path: Path,
) -> None:
    maps = {"conv": RANDOM.random((1, 8, 12, 16)), "all zero": np.zeros((4, 6, 3))}
    flat = {"flatten": np.zeros((1, 72))}

    sheets.feature_maps(maps, PHOTOS[0], tmp_path / "maps.png")
    sheets.feature_maps(maps | flat, PHOTOS[0], tmp_path / "with_flat.png")

    assert is_drawn(tmp_path / "maps.png")
    assert (tmp_path / "maps.png").read_bytes() == (tmp_path / "with_flat.png").read_bytes()


def test_equal_feature_maps_are_drawn_once(tmp_path: Path) -> None:
    one = RANDOM.random((4, 6, 1))

    sheets.feature_maps({"conv": one}, PHOTOS[0], tmp_path / "once.png")
    sheets.feature_maps({"conv": np.repeat(one, 5, 2)}, PHOTOS[0], tmp_path / "doubled.png")

    once, doubled = (Image.open(tmp_path / name) for name in ("once.png", "doubled.png"))
    # The captions differ: they name the number of channels.
    assert np.array_equal(np.asarray(once)[-40:], np.asarray(doubled)[-40:])


def test_the_numbers_of_an_opaque_base_are_drawn_as_one_picture(tmp_path: Path) -> None:
    sheets.flat_output("keras_layer", RANDOM.random((1, 1000)), PHOTOS[0], tmp_path / "maps.png")

    assert is_drawn(tmp_path / "maps.png")


def test_mistakes_are_named_by_their_files(tmp_path: Path) -> None:
    labels, probabilities = [0, 1], [0.9, 0.9]
    for name in ("a.jpg", "Car/b $1$.jpg"):
        path = tmp_path / "sheet.png"
        sheets.mistakes_sheet(PHOTOS[:1], labels, probabilities, ["car", "truck"], path, [name] * 2)
        assert is_drawn(path)
