"""Classes with few photos are reported, and can count as much as the others."""

import pytest

from kernel.data import balance
from kernel.data.photos import Photos


def photos_of(*labels: int) -> Photos:
    return Photos(tuple(map(str, labels)), labels, ("Car", "Truck"))


def test_a_class_with_many_more_photos_than_another_is_reported() -> None:
    assert not balance.imbalance(photos_of(0, 1, 1, 1))
    assert "4 photos of Truck and 1 of Car" in balance.imbalance(photos_of(0, 1, 1, 1, 1))


def test_with_their_weights_all_classes_count_the_same() -> None:
    assert balance.weights(photos_of(0, 1, 1, 1)).tolist() == pytest.approx([2, 2 / 3])
