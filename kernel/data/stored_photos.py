"""Photos whose pixels are stored on disk: batches in any order, without the memory for a cache."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from kernel.data import pipelines
from kernel.data.decoding import to_unit_fast
from kernel.data.photos import Photos
from kernel.data.pixel_store import PixelStore, fits_on_disk
from kernel.settings.settings import Settings

EpochOrder = Callable[[int], NDArray[np.int64]]
"""The permutation of the photos for an epoch, which is counted from 0."""


def epoch_order(settings: Settings, count: int) -> EpochOrder | None:
    """Return a function of the epoch that returns its permutation; None where all are the same.

    A permutation depends on the seed and the epoch only, so that a resumed run goes on with it.
    """
    if not settings.reshuffles:
        return None
    return lambda epoch: np.random.default_rng([settings.seed, epoch]).permutation(count)


class StoredPhotos:
    """Batches of photos in the order of each epoch.

    The pixels of a photo are decoded once and stored on disk, or decoded again in each epoch where
    the disk has no room for them.
    """

    def __init__(self, photos: Photos, settings: Settings, order: EpochOrder) -> None:
        self._source = pipelines.PhotoSource(photos, settings, training=True)
        self._order = order

    def batches(self, epoch: int) -> tf.data.Dataset:
        """Return the batches (images, labels) of an epoch; images as those of every pipeline."""
        source, order = self._source, self._order(epoch)
        labels = tf.constant(source.labels)
        if not fits_on_disk(source.pixel_bytes) and "_store" not in vars(self):
            photos = pipelines.once(source.photos, order, source.settings)
            return photos.map(lambda images, indexes: (images, tf.gather(labels, indexes)))
        store, pixels = self._store, source.decoder.pixels

        @tf.autograph.experimental.do_not_convert
        def load(indexes: Any) -> Any:
            rows = tf.numpy_function(store.read, [indexes], pixels.dtype, stateful=False)
            images = to_unit_fast(tf.ensure_shape(rows, (None, *pixels.shape)))
            return images, tf.gather(labels, indexes)

        batches = tf.data.Dataset.from_tensor_slices(order).batch(source.settings.batch_size)
        return batches.map(load).prefetch(2)

    @cached_property
    def _store(self) -> PixelStore:
        """The pixels of all photos, in their own order."""
        source = self._source
        count, pixels = len(source.photos), source.decoder.pixels
        store = PixelStore(count, tuple(pixels.shape), np.dtype(pixels.dtype.as_numpy_dtype))
        every = np.arange(count)
        for photos, indexes in pipelines.once(
            source.photos, every, source.settings, convert=lambda pixels: pixels
        ):
            store.write(indexes.numpy(), photos.numpy())
        return store
