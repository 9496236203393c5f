"""Labelled files → batches: the course's pipeline and the others of its notes, by name.

All give the same batches, bit for bit and in the same order (the one that `course` freezes); they
differ in how the work is laid out. Except for `course`, which is kept as it was written, tf.data's
own tuning is off: what a name does not say is not done, so that differences mean something.
"""

import os
from collections.abc import Callable
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from kernel.data.decoding import Decoder, to_unit, to_unit_fast
from kernel.data.photos import Photos, dataset_seed, label_mode
from kernel.settings.settings import Settings

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
# Files asked for at once when reading is what is waited for: storage far away answers late.
READS_AT_ONCE = 16
# Batches that `fast` loads at once, each photo by photo: more than cores, so that none idles while
# a file is waited for.
BATCHES_AT_ONCE = 4 * CORES


class PhotoSource:
    """The steps that pipelines are put together from, on elements (path or photo, label).

    `timelines.TracedSource` has the same steps on elements that carry their times with them.
    """

    def __init__(self, photos: Photos, settings: Settings, training: bool) -> None:
        self.photos = photos
        self.settings = settings
        self.training = training
        self.decoder = Decoder(settings, photos.size)

    @cached_property
    def labels(self) -> NDArray[np.generic]:
        """A label a photo, as Keras' label_mode gives them before batching."""
        labels = np.asarray(self.photos.labels)
        classes = len(self.photos.class_names)
        mode = label_mode(self.settings, classes)
        if mode == "binary":
            return labels.astype(np.float32)[:, np.newaxis]
        if mode == "categorical":
            return np.asarray(keras.utils.to_categorical(labels, classes), dtype=np.float32)
        return labels.astype(np.int32)

    def listed(self) -> tf.data.Dataset:
        """Elements in the order in which the photos are listed."""
        return self.elements(np.arange(len(self.photos)))

    def files(self) -> tf.data.Dataset:
        """Elements in the order of every epoch."""
        return self.elements(frozen_order(len(self.photos), self.settings, self.training))

    def elements(self, order: NDArray[np.int64]) -> tf.data.Dataset:
        paths = np.asarray(self.photos.paths)[order]
        return tf.data.Dataset.from_tensor_slices((paths, self.labels[order]))

    def read(self, path: Any, *label: Any) -> Any:
        return self.decoder.read(path), *label

    def decode(self, contents: Any, *label: Any) -> Any:
        return self.decoder.decode(contents), *label

    def load(self, *element: Any) -> Any:
        return self.decode(*self.read(*element))

    def load_all(self, paths: Any, *labels: Any) -> Any:
        """A whole batch of elements loaded in one step."""
        return self.decoder.load_all(paths), *labels

    def convert(self, photo: Any, *label: Any) -> Any:
        return to_unit(photo), *label

    def convert_fast(self, photo: Any, *label: Any) -> Any:
        return to_unit_fast(photo), *label

    @property
    def fits_the_budget(self) -> bool:
        """Whether all photos, a byte a value, may be held in memory."""
        budget = self.settings.ram_budget_mb * 2**20
        return not budget or len(self.photos) * int(np.prod(self.settings.input_shape)) <= budget


def build(name: str, photos: Photos, settings: Settings, training: bool) -> tf.data.Dataset:
    """The pipeline `name` over `photos`: batches (images, labels), one pass an epoch.

    Images are float32 [batch, height, width, channels] in 0…1, labels as Keras gives them for
    the label_mode. Every epoch has the same order; the global seed must be set before, as in the
    course.
    """
    return assemble(name, PhotoSource(photos, settings, training))


def assemble(name: str, source: PhotoSource) -> tf.data.Dataset:
    """The pipeline `name` out of a source's steps."""
    # The steps hold no Python control flow on tensors; to look for some costs 0.2 s a step.
    lay_out = tf.autograph.experimental.do_not_convert(PIPELINES[name])
    return lay_out(source).with_options(_options(name, source.settings))


@tf.autograph.experimental.do_not_convert
def once(photos: Photos, order: NDArray[np.int64], settings: Settings) -> tf.data.Dataset:
    """One pass over `photos` in `order` (indexes): batches of (images, indexes), nothing kept.

    The images are bit for bit those of `course`.
    """
    decoder = Decoder(settings, photos.size)
    elements = (np.asarray(photos.paths)[order], np.asarray(order, dtype=np.int64))
    batches = (
        tf.data.Dataset.from_tensor_slices(elements)
        .batch(settings.batch_size)
        .map(
            lambda paths, indexes: (decoder.load_all(paths), indexes),
            num_parallel_calls=BATCHES_AT_ONCE,
        )
        .map(lambda images, indexes: (to_unit_fast(images), indexes))
        .prefetch(2)
    )
    return batches.with_options(_options("fast", settings))


def frozen_order(count: int, settings: Settings, training: bool) -> NDArray[np.int64]:
    """The permutation in which `course` takes `count` photos in every epoch.

    The course shuffles in a buffer of 8 batches and its cache then keeps the first epoch's order.
    """
    indexes = np.arange(count, dtype=np.int64)
    if not (training and settings.shuffle):
        return indexes
    shuffled = _shuffled(tf.data.Dataset.from_tensor_slices(indexes), settings)
    # All in one batch: handed over one by one they would take longer than the photos.
    return np.concatenate([indexes[:0], *shuffled.batch(max(count, 1)).as_numpy_iterator()])


def _shuffled(elements: tf.data.Dataset, settings: Settings) -> tf.data.Dataset:
    return elements.shuffle(8 * settings.batch_size, seed=dataset_seed(settings))


def course(source: PhotoSource) -> tf.data.Dataset:
    """`image_dataset_from_directory` → convert → cache → prefetch, as the course has it.

    Keras' function lists a folder by itself and fails on a photo that cannot be read, so its
    steps are repeated here for the photos that can; a test holds the two equal to the bit.
    """
    elements = source.listed()
    if source.training and source.settings.shuffle:
        elements = _shuffled(elements, source.settings)
    return (
        elements.map(source.load, num_parallel_calls=tf.data.AUTOTUNE)
        .batch(source.settings.batch_size)
        .prefetch(tf.data.AUTOTUNE)
        .map(source.convert)
        .cache()
        .prefetch(tf.data.AUTOTUNE)
    )


def naive(source: PhotoSource) -> tf.data.Dataset:
    """One photo after the other, one batch after the other; training waits meanwhile."""
    photos = source.files().map(source.load).map(source.convert)
    return photos.batch(source.settings.batch_size)


def prefetch(source: PhotoSource) -> tf.data.Dataset:
    """`naive`, with the next batches made while training is busy with this one."""
    return naive(source).prefetch(2)


def parallel_map(source: PhotoSource) -> tf.data.Dataset:
    """`naive`, with as many photos decoded at once as there are cores."""
    photos = source.files().map(source.load, num_parallel_calls=CORES)
    return photos.map(source.convert).batch(source.settings.batch_size)


def interleave(source: PhotoSource) -> tf.data.Dataset:
    """`naive`, with many files read at once: for storage that answers late."""
    contents = source.files().interleave(
        lambda *file: tf.data.Dataset.from_tensors(file).map(source.read),
        cycle_length=READS_AT_ONCE,
        num_parallel_calls=READS_AT_ONCE,
        deterministic=True,
    )
    return contents.map(source.decode).map(source.convert).batch(source.settings.batch_size)


def vectorized(source: PhotoSource) -> tf.data.Dataset:
    """`naive`, with the conversion applied to whole batches: batch before map."""
    photos = source.files().map(source.load)
    return photos.batch(source.settings.batch_size).map(source.convert)


def cache(source: PhotoSource) -> tf.data.Dataset:
    """`naive`, kept in memory after the step that costs time and before the one that costs memory.

    Bytes are kept, a quarter of what the course's cache of floats takes.
    """
    photos = source.files().map(source.load)
    photos = photos.cache() if source.fits_the_budget else photos
    return photos.batch(source.settings.batch_size).map(source.convert)


def fast(source: PhotoSource) -> tf.data.Dataset:
    """The best found: a step a batch from file to bytes, on all cores, then one conversion.

    Batches are kept as bytes if they fit in `ram_budget_mb`.
    """
    batches = source.files().batch(source.settings.batch_size)
    batches = batches.map(source.load_all, num_parallel_calls=BATCHES_AT_ONCE)
    batches = batches.cache() if source.fits_the_budget else batches
    return batches.map(source.convert_fast).prefetch(2)


PIPELINES: dict[str, Callable[[PhotoSource], tf.data.Dataset]] = {
    "naive": naive,
    "prefetch": prefetch,
    "parallel_map": parallel_map,
    "interleave": interleave,
    "vectorized": vectorized,
    "cache": cache,
    "course": course,
    "fast": fast,
}


def _options(name: str, settings: Settings) -> tf.data.Options:
    """tf.data's own tuning for the course, none for the others.

    Left on, it makes maps parallel and adds buffers behind the back of a pipeline that is to show
    what happens without. Those that wait for files have threads of their own to wait in.
    """
    options = tf.data.Options()
    if name == "course":
        if settings.ram_budget_mb:
            options.autotune.ram_budget = settings.ram_budget_mb * 2**20
        return options
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    if name == "interleave":
        options.threading.private_threadpool_size = READS_AT_ONCE
    if name == "fast":
        options.threading.private_threadpool_size = BATCHES_AT_ONCE
        # Decoding is parallel already; threads within an operation would only be woken in vain.
        options.threading.max_intra_op_parallelism = 1
    return options
