"""Labels and predictions in any of Keras' forms become class indices and probabilities."""

import numpy as np
import pytest

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
