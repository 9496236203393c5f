"""Where the photos of a whole model's training come from: a pipeline's cache, or the disk."""

from collections.abc import Callable

import tensorflow as tf

from kernel import session
from kernel.data import memory, pipelines
from kernel.data.photos import Photos, PhotoSet
from kernel.data.pipelines import PhotoSource
from kernel.data.pixel_store import fits_on_disk
from kernel.data.stored_photos import StoredPhotos, epoch_order
from kernel.settings.settings import Settings

EpochBatches = Callable[[int], tf.data.Dataset]
"""The batches (images, labels) of an epoch, which is counted from 0."""


def feed(photo_set: PhotoSet, settings: Settings) -> tuple[EpochBatches, EpochBatches]:
    """Return the batches of the training and of the validation photos.

    They come from the pipeline of the settings, unless every epoch has an order of its own or the
    pipeline's cache would take more memory than there is: then the pixels are stored on disk. The
    batches are the same, bit for bit.
    """
    sources = [
        PhotoSource(photo_set.train, settings, training=True),
        PhotoSource(photo_set.valid, settings, training=False),
    ]
    cached = sum(_cached_bytes(source) for source in sources)
    fits = cached <= memory.budget(settings)
    if fits and not settings.reshuffles:
        train, valid = (
            pipelines.build(settings.pipeline, source.photos, settings, source.training)
            for source in sources
        )
        return lambda epoch: train, lambda epoch: valid
    _say_where(sources, settings, 0 if settings.reshuffles else cached)
    return _stored(photo_set.train, settings, True), _stored(photo_set.valid, settings, False)


def _stored(photos: Photos, settings: Settings, training: bool) -> EpochBatches:
    order = epoch_order(settings, len(photos)) if training else None
    if order is None:
        frozen = pipelines.frozen_order(len(photos), settings, training)
        order = lambda epoch: frozen  # noqa: E731
    return StoredPhotos(photos, settings, order).batches


def _cached_bytes(source: PhotoSource) -> int:
    """Return how much memory the pipeline of the settings takes for its cache."""
    if source.settings.pipeline == "course":
        return source.pixel_bytes // source.decoder.pixels.dtype.size * tf.float32.size
    return source.pixel_bytes if source.settings.pipeline in ("cache", "fast") else 0


def _say_where(sources: list[PhotoSource], settings: Settings, cached: int) -> None:
    """Log where the photos are if it is not where one expects them."""
    stored = sum(source.pixel_bytes for source in sources)
    if not fits_on_disk(stored):
        place = (
            f"the disk has no room for their pixels ({stored / 1e6:,.0f} MB): decoded each epoch"
        )
    elif cached:
        place = f"their pixels are stored on disk ({stored / 1e6:,.0f} MB)"
    else:
        return
    if cached:
        place = (
            f"the cache of pipeline = {settings.pipeline} would take {cached / 1e6:,.0f} MB of the "
            f"{memory.budget(settings) / 1e6:,.0f} MB of memory for it, so {place}"
        )
    session.say(f"photos: {place}")
