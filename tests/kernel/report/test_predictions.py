"""Labels and predictions in any of Keras' forms become class indices and probabilities."""

from pathlib import Path

import numpy as np
import pytest

from kernel.data.photos import Photos
from kernel.report import predictions


@pytest.mark.parametrize(
    "labels",
    [[0, 1, 1], [[0.0], [1.0], [1.0]], [[1, 0], [0, 1], [0, 1]]],
    ids=["int", "binary", "categorical"],
)
def test_labels_of_every_mode_become_class_indices(labels: list) -> None:
    assert predictions.class_indices(labels).tolist() == [0, 1, 1]


@pytest.mark.parametrize("single", [[0.25, 1.0], [[0.25], [1.0]]])
def test_a_single_output_is_the_probability_of_the_second_class(single: list) -> None:
    both = predictions.class_probabilities(single)

    np.testing.assert_array_equal(both, [[0.75, 0.25], [0.0, 1.0]])


def test_mistakes_are_sorted_by_the_probability_of_the_true_class() -> None:
    labels, probabilities = [0, 0, 1, 1], [[0.6], [0.9], [0.2], [0.95]]

    assert predictions.mistake_indices(labels, probabilities).tolist() == [1, 2, 0]


def test_the_table_has_each_photo_with_the_names_of_its_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    paths = ("/data/valid/Car/a, b.jpg", "/data/valid/Truck/odd\udcff.jpg")
    predictions.write_table(Photos(paths, (0, 1), ("Car", "Truck")), [[0.25], [0.125]])
    rows = Path("predictions.csv").read_text("utf-8").splitlines()
    assert rows[1:] == [
        '"Car/a, b.jpg",Car,Car,0.75,0.75',
        "Truck/odd\\xff.jpg,Truck,Car,0.875,0.125",
    ]
