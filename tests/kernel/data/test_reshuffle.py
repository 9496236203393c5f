"""Reshuffled photos: the pixels of every pipeline, in another order in every epoch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernel.data import photos, pipelines
from kernel.data.reshuffle import ReshuffledPhotos, epoch_order
from kernel.settings.settings import Settings


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
    reshuffled = ReshuffledPhotos(train, settings)

    orders = []
    for epoch in (0, 1):
        images, labels = zip(*reshuffled.batches(epoch).as_numpy_iterator(), strict=True)
        assert [len(each) for each in labels] == [16, 16, 12]
        order = epoch_order(settings, len(train))(epoch)
        np.testing.assert_array_equal(np.concatenate(images), listed[0][order])
        np.testing.assert_array_equal(np.concatenate(labels), listed[1][order])
        orders.append(order.tolist())
    assert orders[0] != orders[1]


def test_photos_that_do_not_fit_into_the_memory_are_read_in_every_epoch(two_classes: Path) -> None:
    settings = settings_of(two_classes, image_size=128, ram_budget_mb=1)
    train = photos.find(settings).train
    in_memory = ReshuffledPhotos(train, settings.changed(ram_budget_mb=0))
    from_disk = ReshuffledPhotos(train, settings)

    both = zip(in_memory.batches(3), from_disk.batches(3), strict=True)
    for (images, labels), (own_images, own_labels) in both:
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
