"""Scores in which a rare class counts as much as a frequent one."""

import pytest

from kernel.report.scores import score

NAMES = ("Bus", "Car", "Truck")


def test_recall_is_that_of_each_class_and_balanced_accuracy_is_its_mean() -> None:
    scores = score([0, 1, 1, 1, 1], [0.1, 0.9, 0.9, 0.9, 0.4], NAMES[:2])

    assert scores.recall == {"Bus": 1.0, "Car": 0.75}
    assert scores.balanced_accuracy == pytest.approx(0.875)
    assert (scores.only_class, scores.is_constant) == ("", False)


@pytest.mark.parametrize(
    ("labels", "chances", "area"),
    [
        ([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], 1.0),
        ([0, 0, 1, 1], [0.4, 0.3, 0.2, 0.1], 0.0),
        ([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], 0.75),
        ([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5], 0.5),
        ([1, 1], [0.5, 0.6], None),
    ],
)
def test_the_area_is_the_chance_that_the_second_class_gets_the_higher_value(
    labels: list[int], chances: list[float], area: float | None
) -> None:
    assert score(labels, chances, NAMES[:2]).auc == area


def test_with_three_classes_the_area_is_the_mean_of_each_against_the_others() -> None:
    chances = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]

    assert score([0, 1, 2], chances, NAMES).auc == 1.0


def test_equal_predictions_are_those_of_a_dead_head() -> None:
    scores = score([0, 1, 1], [0.6, 0.6, 0.6], NAMES[:2])

    assert (scores.only_class, scores.is_constant) == ("Car", True)
