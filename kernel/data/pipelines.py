"""Labelled files → batches: the course's input pipeline and others to compare with it, by name.

All return the same batches, bit for bit, in the order that the cache of `course` freezes. They
differ in how they arrange the work. tf.data's own tuning is off, so that a pipeline does only what
its name says and a comparison means something; only `course` stays as it was written.
"""

import os
from collections.abc import Callable
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from kernel.data import memory
from kernel.data.decoding import Decoder, to_unit, to_unit_fast
from kernel.data.photos import Photos, dataset_seed, label_mode
from kernel.settings.settings import Settings

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
# Files to read at once when storage is slow to answer.
READS_AT_ONCE = 16
# Batches that `fast` loads at once, each photo by photo: more than there are cores, so that no core
# is idle while a file is read.
BATCHES_AT_ONCE = 4 * CORES


class PhotoSource:
    """The steps of a pipeline, on elements (path or photo, label).

    `timelines.TracedSource` has the same steps on elements that also hold time stamps.
    """

    def __init__(self, photos: Photos, settings: Settings, training: bool) -> None:
        self.photos = photos
        self.settings = settings
        self.training = training
        self.decoder = Decoder(settings, photos.size, photos.of_pillow)

    @cached_property
    def labels(self) -> NDArray[np.generic]:
        """The label of each photo in the form of the label_mode, before batching."""
        labels = np.asarray(self.photos.labels)
        classes = len(self.photos.class_names)
        mode = label_mode(self.settings, classes)
        if mode == "binary":
            return labels.astype(np.float32)[:, np.newaxis]
        if mode == "categorical":
            return np.asarray(keras.utils.to_categorical(labels, classes), dtype=np.float32)
        return labels.astype(np.int32)

    def in_listed_order(self) -> tf.data.Dataset:
        """Return the elements in the order of `photos`."""
        return self.elements(np.arange(len(self.photos)))

    def in_epoch_order(self) -> tf.data.Dataset:
        """Return the elements in the order in which every epoch takes them."""
        return self.elements(frozen_order(len(self.photos), self.settings, self.training))

    def elements(self, order: NDArray[np.int64]) -> tf.data.Dataset:
        """Return the elements (path, label) in an order of indexes."""
        paths = np.asarray(self.photos.paths)[order]
        return tf.data.Dataset.from_tensor_slices((paths, self.labels[order]))

    def read(self, path: Any, *label: Any) -> Any:
        """Path → contents."""
        return self.decoder.read(path), *label

    def decode(self, contents: Any, *label: Any) -> Any:
        """Contents → pixels."""
        return self.decoder.decode(contents), *label

    def load(self, *element: Any) -> Any:
        """Path → pixels."""
        return self.decode(*self.read(*element))

    def load_all(self, paths: Any, *labels: Any) -> Any:
        """Paths → pixels, for a whole batch in one step."""
        return self.decoder.load_all(paths), *labels

    def convert(self, photo: Any, *label: Any) -> Any:
        """Pixels → values in 0…1."""
        return to_unit(photo), *label

    def convert_fast(self, photo: Any, *label: Any) -> Any:
        """Pixels → the same values in 0…1, faster."""
        return to_unit_fast(photo), *label

    @property
    def pixel_bytes(self) -> int:
        """Bytes of the pixels of all photos, as they are before they are floats."""
        pixels = self.decoder.pixels
        return len(self.photos) * int(pixels.shape.num_elements()) * int(pixels.dtype.size)

    @property
    def fits_in_memory(self) -> bool:
        """Whether the pixels of all photos may be cached in memory."""
        return self.pixel_bytes <= memory.budget(self.settings)


def build(name: str, photos: Photos, settings: Settings, training: bool) -> tf.data.Dataset:
    """Build the pipeline `name`: batches (images, labels), one pass over `photos` in each epoch.

    Images are float32 [batch, height, width, channels] in 0…1, labels have the form of the
    label_mode. Every epoch has the same order. Set the global seed before, as in the course.
    """
    return assemble(name, PhotoSource(photos, settings, training))


def assemble(name: str, source: PhotoSource) -> tf.data.Dataset:
    """Build the pipeline `name` from the steps of a source."""
    # The steps have no Python control flow on tensors; searching for some costs 0.2 s a step.
    build_pipeline = tf.autograph.experimental.do_not_convert(PIPELINES[name])
    return build_pipeline(source).with_options(_options(name, source.settings))


@tf.autograph.experimental.do_not_convert
def once(
    photos: Photos,
    order: NDArray[np.int64],
    settings: Settings,
    convert: Callable[[Any], Any] = to_unit_fast,
) -> tf.data.Dataset:
    """Return batches (images, indexes) for one pass over `photos` in an order of indexes.

    Nothing is cached. With the usual `convert` the images are bit for bit those of `course`.
    """
    decoder = Decoder(settings, photos.size, photos.of_pillow)
    elements = (np.asarray(photos.paths)[order], np.asarray(order, dtype=np.int64))
    batches = (
        tf.data.Dataset.from_tensor_slices(elements)
        .batch(settings.batch_size)
        .map(
            lambda paths, indexes: (decoder.load_all(paths), indexes),
            num_parallel_calls=BATCHES_AT_ONCE,
        )
        .map(lambda images, indexes: (convert(images), indexes))
        .prefetch(2)
    )
    return batches.with_options(_options("fast", settings))


def frozen_order(count: int, settings: Settings, training: bool) -> NDArray[np.int64]:
    """Return the permutation in which `course` takes `count` photos in every epoch.

    The course shuffles in a buffer of 8 batches, and its cache repeats the first epoch's order.
    """
    indexes = np.arange(count, dtype=np.int64)
    if not (training and settings.shuffle):
        return indexes
    shuffled = _shuffle(tf.data.Dataset.from_tensor_slices(indexes), settings)
    # All in one batch: one by one they would take longer than the photos.
    return np.concatenate([indexes[:0], *shuffled.batch(max(count, 1)).as_numpy_iterator()])


def _shuffle(elements: tf.data.Dataset, settings: Settings) -> tf.data.Dataset:
    return elements.shuffle(8 * settings.batch_size, seed=dataset_seed(settings))


def course(source: PhotoSource) -> tf.data.Dataset:
    """`image_dataset_from_directory` → convert → cache → prefetch, as in the course.

    Keras' function lists a folder itself and fails on a photo that cannot be read, so its steps
    are repeated here; a test shows that both return the same bits.
    """
    elements = source.in_listed_order()
    if source.training and source.settings.shuffle:
        elements = _shuffle(elements, source.settings)
    return (
        elements.map(source.load, num_parallel_calls=tf.data.AUTOTUNE)
        .batch(source.settings.batch_size)
        .prefetch(tf.data.AUTOTUNE)
        .map(source.convert)
        .cache()
        .prefetch(tf.data.AUTOTUNE)
    )


def naive(source: PhotoSource) -> tf.data.Dataset:
    """Load one photo after the other; training waits for each batch."""
    photos = source.in_epoch_order().map(source.load).map(source.convert)
    return photos.batch(source.settings.batch_size)


def prefetch(source: PhotoSource) -> tf.data.Dataset:
    """`naive`, with the next two batches prepared during training."""
    return naive(source).prefetch(2)


def parallel_map(source: PhotoSource) -> tf.data.Dataset:
    """`naive`, with as many photos loaded at once as there are cores."""
    photos = source.in_epoch_order().map(source.load, num_parallel_calls=CORES)
    return photos.map(source.convert).batch(source.settings.batch_size)


def interleave(source: PhotoSource) -> tf.data.Dataset:
    """`naive`, with many files read at once, for storage that is slow to answer."""
    contents = source.in_epoch_order().interleave(
        lambda *file: tf.data.Dataset.from_tensors(file).map(source.read),
        cycle_length=READS_AT_ONCE,
        num_parallel_calls=READS_AT_ONCE,
        deterministic=True,
    )
    # tf.data cannot know the number of elements here, and without it Keras' `fit` takes one more
    # step of the optimizer at the end of every epoch, on no photos.
    contents = contents.apply(tf.data.experimental.assert_cardinality(len(source.photos)))
    return contents.map(source.decode).map(source.convert).batch(source.settings.batch_size)


def vectorized(source: PhotoSource) -> tf.data.Dataset:
    """`naive`, with whole batches converted: batch before map."""
    photos = source.in_epoch_order().map(source.load)
    return photos.batch(source.settings.batch_size).map(source.convert)


def cache(source: PhotoSource) -> tf.data.Dataset:
    """`naive`, with a cache between the slow step and the one that takes four times the memory.

    It holds bytes, while the course's cache holds floats.
    """
    photos = source.in_epoch_order().map(source.load)
    photos = photos.cache() if source.fits_in_memory else photos
    return photos.batch(source.settings.batch_size).map(source.convert)


def fast(source: PhotoSource) -> tf.data.Dataset:
    """The fastest: one step for each batch from files to bytes, on all cores, then one conversion.

    Batches are cached as bytes if the memory for caches suffices.
    """
    batches = source.in_epoch_order().batch(source.settings.batch_size)
    batches = batches.map(source.load_all, num_parallel_calls=BATCHES_AT_ONCE)
    batches = batches.cache() if source.fits_in_memory else batches
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
    """Return tf.data's own tuning for `course`, and none for the others.

    The tuning makes maps parallel and adds buffers, which would hide the differences. Pipelines
    that wait for many files have a thread pool of that size.
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
        # Decoding is parallel already; more threads inside an operation only cost time.
        options.threading.max_intra_op_parallelism = 1
    return options
