"""Stored photos: the pixels of every pipeline, in the order of each epoch."""

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from kernel.data import photos, pipelines
from kernel.data.stored_photos import StoredPhotos, epoch_order
from kernel.settings.settings import Settings


class DiskUsage(NamedTuple):
    total: int
    used: int
    free: int


def settings_of(folder: Path, **values: Any) -> Settings:
    given = {"data": str(folder), "image_size": 32, "batch_size": 16, **values}
    return Settings.from_mapping(given)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_an_epoch_has_the_photos_of_the_course_in_its_own_order(
    two_classes: Path, interpolation: str
) -> None:
    settings = settings_of(two_classes, interpolation=interpolation)
    train = photos.find(settings).train
    listed = [
        np.concatenate(part)
        for part in zip(
            *pipelines.build("naive", train, settings, training=False).as_numpy_iterator(),
            strict=True,
        )
    ]
    reshuffled = StoredPhotos(train, settings, epoch_order(settings, len(train)))

    orders = []
    for epoch in (0, 1):
        images, labels = zip(*reshuffled.batches(epoch).as_numpy_iterator(), strict=True)
        assert [len(each) for each in labels] == [16, 16, 12]
        order = epoch_order(settings, len(train))(epoch)
        np.testing.assert_array_equal(np.concatenate(images), listed[0][order])
        np.testing.assert_array_equal(np.concatenate(labels), listed[1][order])
        orders.append(order.tolist())
    assert orders[0] != orders[1]


def test_photos_that_the_disk_has_no_room_for_are_decoded_in_every_epoch(
    two_classes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(two_classes)
    train = photos.find(settings).train
    order = epoch_order(settings, len(train))
    stored = list(StoredPhotos(train, settings, order).batches(3))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: DiskUsage(100, 99, 1))
    decoded = list(StoredPhotos(train, settings, order).batches(3))

    for (images, labels), (own_images, own_labels) in zip(stored, decoded, strict=True):
        np.testing.assert_array_equal(images, own_images)
        np.testing.assert_array_equal(labels, own_labels)


def test_only_a_base_that_is_trained_is_reshuffled_unless_the_settings_say_so() -> None:
    def reshuffles(**values: Any) -> bool:
        return Settings.from_mapping(values).reshuffles

    assert reshuffles(base="convnet")
    assert not reshuffles(base="vgg16")
    assert reshuffles(base="vgg16", reshuffle=True)
    assert not reshuffles(base="convnet", reshuffle=False)
    assert not reshuffles(base="convnet", shuffle=False)
