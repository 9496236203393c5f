"""Run a frozen base once over every photo and keep what it sees.

The course trains the head through the base: the base computes the same features again in every
epoch. As its `cache()` also freezes the order of the batches, training on kept features gives
the same head to the bit.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kernel import accelerators, session
from kernel.data import pipelines
from kernel.data.photos import Photos, PhotoSet
from kernel.features import feature_store
from kernel.features.feature_store import FeatureStore
from kernel.model import heads
from kernel.model.bases import Base
from kernel.settings.declaration import Effect
from kernel.settings.settings import Settings

FOLDER = Path("features")
_AHEAD = 2  # batches under way on each device


@dataclass(frozen=True)
class Features:
    """A store with the run's rows: `train` [views, photos] in training order, `valid` [photos].

    `reused` tells whether the base was not run at all.
    """

    store: FeatureStore
    train: np.ndarray[Any, Any]
    valid: np.ndarray[Any, Any]
    reused: bool
    words: str
    seconds_of_base: float

    def as_dict(self) -> dict[str, Any]:
        """For run.json."""
        return {
            "folder": self.store.folder.as_posix(),
            "reused": self.reused,
            "words": self.words,
            "rows": int(self.train.size + self.valid.size),
            "row_shape": list(self.store.row_shape),
            "dtype": self.store.dtype.name,
        }


def take(
    settings: Settings, base: Base, photo_set: PhotoSet, order: np.ndarray[Any, Any]
) -> Features:
    """The run's features: from a store that fits, else computed into one.

    `order` is the order in which the training photos are taken in every epoch.
    """
    views = max(1, settings.augment_views)
    key = _key(settings, base)
    ids = _ids(settings, photo_set, order)
    count = len(photo_set.train)
    train = np.arange(views * count).reshape(views, count)
    valid = np.arange(len(photo_set.valid)) + views * count
    folder = FOLDER if settings.keep_features else Path(".resume") / FOLDER
    words = ""
    for place in (folder, *_reusable(settings.reuse_features)):
        store, why = feature_store.open_store(place, key, ids)
        if store is not None:
            words = f"reused from {place.as_posix()}"
            session.say(f"features {words}: {len(ids)} rows, the base is not run")
            return Features(store, train, valid, True, words, 0.0)
        if place != folder:
            words = f"computed, because the store to reuse does not fit: {why}"
    if settings.reuse_features and not words:
        words = f"computed, because {settings.reuse_features} is not attached or holds no features"
    words = words or "computed"
    session.say(f"features {words}")
    began = session.elapsed()
    _compute(settings, base, photo_set, order, folder, key, ids)
    store, why = feature_store.open_store(folder, key, ids)
    if store is None:
        raise RuntimeError(f"the features just written do not read back: {why}")
    return Features(store, train, valid, False, words, session.elapsed() - began)


def _key(settings: Settings, base: Base) -> dict[str, Any]:
    """What features depend on, but for the photos themselves."""
    versions = session.versions()
    augmentation = {**settings.with_effect(Effect.VIEWS), "seed": settings.seed}
    return {
        "schema": feature_store.SCHEMA,
        "weights": base.digest,
        **settings.with_effect(Effect.FEATURES),
        "augmentation": augmentation if settings.augment_views else None,
        "tensorflow": versions["tensorflow"],
        "keras": versions["keras"],
    }


def _ids(settings: Settings, photo_set: PhotoSet, order: np.ndarray[Any, Any]) -> list[str]:
    """A name for each row, in the order in which rows are computed."""
    train = [photo_set.train.digests[index] for index in order]
    if settings.augment_views:
        train = [f"{photo}/{view}" for view in range(settings.augment_views) for photo in train]
    return [*train, *photo_set.valid.digests]


def _reusable(source: str) -> list[Path]:
    """Folders where the store named by `reuse_features` may be."""
    if not source:
        return []
    places = [Path(source), *session.source_folders(source)]
    return [
        place / inner
        for place in places
        for inner in (FOLDER, Path())
        if (place / inner / "key.json").is_file()
    ][:1]


def _compute(
    settings: Settings,
    base: Base,
    photo_set: PhotoSet,
    order: np.ndarray[Any, Any],
    folder: Path,
    key: dict[str, Any],
    ids: list[str],
) -> None:
    """Run the base over all photos, batch by batch, straight onto the disk."""
    feature_store.remove_leftovers(folder)
    forward = _Forward(settings, base)
    varied = heads.augmentation(settings) if settings.augment_views else []
    passes = [(photo_set.train, order, varied)] * max(1, settings.augment_views)
    passes.append((photo_set.valid, np.arange(len(photo_set.valid)), []))
    row_shape = tuple(int(size) for size in base.layer.compute_output_shape(
        (None, *settings.input_shape))[1:])  # fmt: skip
    with feature_store.new_store(folder, key, ids, row_shape) as writer:
        for photos, photo_order, augmentation in passes:
            for features in forward.run(_batches(photos, photo_order, augmentation, settings)):
                writer.append(features)


def _batches(
    photos: Photos, order: np.ndarray[Any, Any], augmentation: list[Any], settings: Settings
) -> Iterator[Any]:
    """Batches of photos in `order`, each taken once and none kept."""
    size = settings.forward_batch_size or settings.batch_size
    for images, _ in pipelines.once(photos, order, settings.changed(batch_size=size)):
        for layer in augmentation:
            images = layer(images, training=True)
        yield images


class _Forward:
    """The base on every device, each taking whole batches in turn.

    Whole batches, because half of one might be computed by another kernel with other bits.
    """

    def __init__(self, settings: Settings, base: Base) -> None:
        names = accelerators.devices(settings.devices)
        reduced = settings.compute_dtype != "float32"
        self._devices = [
            (name, self._on(name, settings, base, first=index == 0 and not reduced))
            for index, name in enumerate(names)
        ]

    def run(self, batches: Iterator[Any]) -> Iterator[np.ndarray[Any, Any]]:
        """Features of each batch, in the order of the batches."""
        waiting: deque[Future[Any]] = deque()
        with ThreadPoolExecutor(len(self._devices)) as pool:
            for number, images in enumerate(batches):
                name, compute = self._devices[number % len(self._devices)]
                waiting.append(pool.submit(_computed, name, compute, images))
                if len(waiting) >= _AHEAD * len(self._devices):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _on(self, device: str, settings: Settings, base: Base, *, first: bool) -> Any:
        """The compiled forward pass of a copy of the base on one device."""
        with tf.device(device):
            layer = base.layer if first else _replica(base, settings.compute_dtype)

        @tf.function(jit_compile=settings.xla and "GPU" in device, autograph=False)
        def compute(images: Any) -> Any:
            return layer(images, training=False)

        return compute


def _computed(device: str, compute: Any, images: Any) -> np.ndarray[Any, Any]:
    with tf.device(device):
        return tf.cast(compute(images), tf.float32).numpy()


def _replica(base: Base, dtype: str) -> Any:
    """A copy of the base that computes in `dtype`, its weights staying float32."""
    before = keras.config.dtype_policy()
    if dtype != "float32":
        keras.config.set_dtype_policy(f"mixed_{dtype}")
    try:
        return base.replica()
    finally:
        keras.config.set_dtype_policy(before)
