"""Training photos in another order in every epoch.

The order depends on the seed and the epoch only, so that a resumed run goes on with the same.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from kernel.data import pipelines
from kernel.data.decoding import to_unit_fast
from kernel.data.photos import Photos
from kernel.settings.settings import Settings


def epoch_order(settings: Settings, count: int) -> Callable[[int], NDArray[np.int64]] | None:
    """Return a function of the epoch that returns its permutation; None where all are the same."""
    if not settings.reshuffles:
        return None
    return lambda epoch: np.random.default_rng([settings.seed, epoch]).permutation(count)


class ReshuffledPhotos:
    """Batches of the training photos, whose pixels stay in memory if `ram_budget_mb` allows it."""

    def __init__(self, photos: Photos, settings: Settings) -> None:
        self._source = pipelines.PhotoSource(photos, settings, training=True)
        order = epoch_order(settings, len(photos))
        assert order is not None, "the settings do not reshuffle"
        self._order = order

    def batches(self, epoch: int) -> tf.data.Dataset:
        """Return the batches (images, labels) of an epoch; images as those of every pipeline."""
        source, order = self._source, self._order(epoch)
        labels = tf.constant(source.labels)
        if not source.fits_ram_budget:
            photos = pipelines.once(source.photos, order, source.settings)
            return photos.map(lambda images, indexes: (images, tf.gather(labels, indexes)))
        pixels = self._pixels
        batches = tf.data.Dataset.from_tensor_slices(order).batch(source.settings.batch_size)
        return batches.map(
            lambda indexes: (to_unit_fast(tf.gather(pixels, indexes)), tf.gather(labels, indexes))
        ).prefetch(2)

    @cached_property
    def _pixels(self) -> Any:
        """The pixels of all photos, in their own order."""
        source = self._source
        every = np.arange(len(source.photos))
        pixels = np.empty(
            (len(every), *source.decoder.pixels.shape), source.decoder.pixels.dtype.as_numpy_dtype
        )
        for photos, indexes in pipelines.once(
            source.photos, every, source.settings, convert=lambda pixels: pixels
        ):
            pixels[indexes.numpy()] = photos.numpy()
        with tf.device("CPU"):
            return tf.constant(pixels)
