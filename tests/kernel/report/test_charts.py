"""Charts are complete PNG files, whatever history or labels they are given."""

import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib import rcParams
from support.pictures import is_drawn

from kernel.report import charts


def history(epochs: int) -> dict[str, list[float]]:
    line = list(np.linspace(0.7, 0.3, epochs))
    metrics = ("loss", "binary_accuracy", "val_loss", "val_binary_accuracy", "seconds")
    return dict.fromkeys(metrics, line)


@pytest.mark.parametrize("epochs", [1, 2, 30])
def test_curves_are_drawn_whole_and_zoomed_for_any_number_of_epochs(
    tmp_path: Path, epochs: int
) -> None:
    paths = charts.curves(history(epochs), tmp_path, zoom_from=15)

    names = {path.name for path in paths}
    assert names == {"loss.png", "loss_zoom.png", "accuracy.png", "accuracy_zoom.png"}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert all(is_drawn(path) for path in paths)


def test_the_zoom_shows_other_epochs_than_the_whole_curve(tmp_path: Path) -> None:
    whole, zoomed = charts.curves({"loss": history(30)["loss"]}, tmp_path, zoom_from=15)

    assert whole.read_bytes() != zoomed.read_bytes()


def test_the_validation_metric_is_drawn_with_its_training_metric(tmp_path: Path) -> None:
    losses = {"loss": [0.7, 0.5, 0.3], "val_loss": [0.7, 0.6, 0.9]}

    both = charts.curves(losses, tmp_path / "both")
    alone = charts.curves({"loss": losses["loss"]}, tmp_path / "alone")

    assert both[0].read_bytes() != alone[0].read_bytes()


def test_curves_without_a_finite_value_are_empty_and_raise_nothing(tmp_path: Path) -> None:
    no_numbers = [math.nan, math.inf, math.nan]

    assert charts.curves({"loss": no_numbers, "val_loss": no_numbers}, tmp_path)


def test_drawing_leaves_the_users_matplotlib_settings_unchanged(tmp_path: Path) -> None:
    before = dict(rcParams)

    charts.curves(history(3), tmp_path)

    assert dict(rcParams) == before


def test_class_names_in_any_script_are_drawn_without_a_warning(tmp_path: Path) -> None:
    names = ["卡车 $x^2$ {", "Ünïcödé voiture à très longue étiquette"]

    charts.confusion_matrix([0, 1], [1, 1], names, tmp_path / "confusion.png")

    assert is_drawn(tmp_path / "confusion.png")


def test_a_confusion_matrix_takes_twenty_classes_of_which_most_have_no_photo(
    tmp_path: Path,
) -> None:
    names = [f"class {index}" for index in range(20)]
    probabilities = np.random.default_rng(0).random((7, 20))

    charts.confusion_matrix([3] * 7, probabilities, names, tmp_path / "confusion.png")

    assert is_drawn(tmp_path / "confusion.png")


def test_the_best_epoch_and_guessing_are_marked_where_the_curves_reach_them(
    tmp_path: Path,
) -> None:
    losses = {"loss": [0.7, 0.5, 0.3], "val_loss": [0.7, 0.6, 0.9]}

    def drawn(name: str, marks: charts.Marks | None) -> bytes:
        return charts.curves(losses, tmp_path / name, marks=marks)[0].read_bytes()

    plain = drawn("plain", None)
    marked = drawn("marked", charts.Marks("vgg16", 2, {"loss": 0.69}))
    assert marked != plain
    assert drawn("far", charts.Marks(guessing={"loss": 4.6})) == plain
    assert drawn("other", charts.Marks(guessing={"accuracy": 0.5})) == plain
