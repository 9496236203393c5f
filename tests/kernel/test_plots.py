"""The pictures of a run: each is a whole PNG, whatever it is given to draw."""

import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.image import imread

from kernel import plots

RANDOM = np.random.default_rng(0)
PHOTOS = RANDOM.random((7, 8, 12, 3))


def is_drawn(path: Path) -> bool:
    """A whole PNG that holds more than blank paper."""
    return bool(imread(path)[..., :3].std() > 0)


def history(epochs: int) -> dict[str, list[float]]:
    line = list(np.linspace(0.7, 0.3, epochs))
    metrics = ("loss", "binary_accuracy", "val_loss", "val_binary_accuracy", "seconds")
    return dict.fromkeys(metrics, line)


@pytest.mark.parametrize("epochs", [1, 2, 30])
def test_curves_are_drawn_whole_and_zoomed_for_any_number_of_epochs(
    tmp_path: Path, epochs: int
) -> None:
    written = plots.curves(history(epochs), tmp_path, zoom_from=15)
    names = {path.name for path in written}
    assert names == {"loss.png", "loss_zoom.png", "accuracy.png", "accuracy_zoom.png"}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert all(is_drawn(path) for path in written)


def test_curves_with_no_finite_value_leave_a_gap_and_no_error(tmp_path: Path) -> None:
    nothing = [math.nan, math.inf, math.nan]
    assert plots.curves({"loss": nothing, "val_loss": nothing}, tmp_path)


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (PHOTOS, RANDOM.integers(0, 2, (7, 1)).astype(np.float32)),
        (PHOTOS[..., :1], RANDOM.integers(0, 2, 7)),
        ((PHOTOS * 255).astype(np.uint8), np.eye(2)[RANDOM.integers(0, 2, 7)]),
    ],
    ids=["colour, binary", "grey, int", "uint8, categorical"],
)
def test_a_sheet_of_photos_takes_every_kind_of_photo_and_label(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray
) -> None:
    plots.photo_sheet(images, labels, ["car", "truck"], tmp_path / "photos.png")
    assert is_drawn(tmp_path / "photos.png")


def test_class_names_in_any_script_are_drawn_without_a_warning(tmp_path: Path) -> None:
    names = ["卡车 $x^2$ {", "Ünïcödé voiture à très longue étiquette"]
    plots.photo_sheet(PHOTOS, [0, 1] * 3 + [0], names, tmp_path / "photos.png")
    plots.confusion_matrix([0, 1], [1, 1], names, tmp_path / "confusion.png")
    assert is_drawn(tmp_path / "photos.png")


def test_signs_without_a_glyph_stay_distinct() -> None:
    unassigned = ["\U0010fffe", "\U0010ffff"]
    assert plots.printable(unassigned[0]) != plots.printable(unassigned[1])
    assert plots.printable("truck") == "truck"


def test_mistakes_come_the_worst_first(tmp_path: Path) -> None:
    labels, probabilities = [0, 0, 1, 1], [[0.6], [0.9], [0.2], [0.95]]
    assert plots.mistakes(labels, probabilities).tolist() == [1, 2, 0]
    path = tmp_path / "mistakes.png"
    plots.mistakes_sheet(PHOTOS[[1, 2, 0]], labels, probabilities, ["car", "truck"], path)
    assert is_drawn(path)


def test_a_model_without_mistakes_gets_a_sheet_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "mistakes.png"
    plots.mistakes_sheet(PHOTOS[:0], [0, 1], [0.1, 0.9], ["car", "truck"], path)
    assert is_drawn(path)


def test_twenty_classes_of_which_some_have_no_photo_are_drawn(tmp_path: Path) -> None:
    names = [f"class {index}" for index in range(20)]
    probabilities = RANDOM.random((7, 20))
    plots.confusion_matrix([3] * 7, probabilities, names, tmp_path / "confusion.png")
    wrong = plots.mistakes([3] * 7, probabilities)
    plots.mistakes_sheet(PHOTOS[wrong], [3] * 7, probabilities, names, tmp_path / "mistakes.png")
    assert is_drawn(tmp_path / "confusion.png")
    assert is_drawn(tmp_path / "mistakes.png")


def test_feature_maps_are_drawn_layer_by_layer_and_flat_outputs_left_out(tmp_path: Path) -> None:
    outputs = {
        "conv": RANDOM.random((1, 8, 12, 16)),
        "silent": np.zeros((4, 6, 3)),
        "flatten": np.zeros((1, 72)),
    }
    plots.feature_maps(outputs, PHOTOS[0], tmp_path / "maps.png")
    assert is_drawn(tmp_path / "maps.png")


def test_a_picture_that_fails_leaves_the_old_one_and_no_debris(tmp_path: Path) -> None:
    path = tmp_path / "photos.png"
    path.write_bytes(b"the old one")
    with pytest.raises(RuntimeError), plots.figure(path, 2, 2):
        raise RuntimeError
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_drawing_leaves_the_users_matplotlib_settings_alone(tmp_path: Path) -> None:
    before = dict(rcParams)
    plots.curves(history(3), tmp_path)
    assert dict(rcParams) == before
