"""The features of a run: a frozen base is applied to every photo once, and its outputs stored.

The course trains the head through the base, which computes the same features again in every
epoch. As the course's `cache()` also freezes the order of the batches, training on stored
features results in the same head, bit for bit.
"""

import os
import random
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from kernel import accelerators, session
from kernel.data import pipelines
from kernel.data.photos import Photos, PhotoSet
from kernel.features import feature_store, store_size
from kernel.features.feature_store import FeatureStore
from kernel.model import heads
from kernel.model.bases import Base
from kernel.model.precision import computing_in
from kernel.settings.declaration import Effect
from kernel.settings.settings import Settings

FOLDER = Path("features")
_BATCHES_AHEAD = 2  # per device


@dataclass(frozen=True)
class Features:
    """A store, and the run's rows in it: `train` [views, photos], `valid` [photos].

    The training rows are in training order. `reused` says that the base was not run at all.
    `pooling` is the head's, if the rows are pooled already, else empty.
    """

    store: FeatureStore
    train: np.ndarray[Any, Any]
    valid: np.ndarray[Any, Any]
    reused: bool
    description: str
    base_seconds: float
    pooling: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the entry in run.json."""
        return {
            "folder": self.store.folder.as_posix(),
            "reused": self.reused,
            "words": self.description,
            "rows": int(self.train.size + self.valid.size),
            "row_shape": list(self.store.row_shape),
            "dtype": self.store.dtype.name,
            "pooling": self.pooling,
        }


def load_or_compute(
    settings: Settings,
    base: Base,
    photo_set: PhotoSet,
    order: np.ndarray[Any, Any],
    folder: Path | None = None,
) -> Features:
    """Return the run's features, from a matching store if there is one, else computed.

    `order` is the order of the training photos (indices) in every epoch. `folder` is for the store,
    if not the one that the settings say.
    """
    views = max(1, settings.augment_views)
    ids = _ids(settings, photo_set, order)
    pooling = "" if base.part else store_size.pooled_first(settings, base.layer, len(ids))
    key = _key(settings, base) | ({"pooling": pooling} if pooling else {})
    count = len(photo_set.train)
    train = np.arange(views * count).reshape(views, count)
    valid = np.arange(len(photo_set.valid)) + views * count
    if folder is None:
        folder = (FOLDER if settings.keep_features else Path(".resume") / FOLDER) / base.part
    description = ""
    for candidate in (folder, *_reusable_folders(settings, base.part)):
        store, problem = feature_store.open_store(candidate, key, ids)
        if store is not None:
            description = f"reused from {candidate.as_posix()}"
            session.say(f"features {description}: {len(ids)} rows, the base is not run")
            return Features(store, train, valid, True, description, 0.0, pooling)
        if candidate != folder:
            description = f"computed, because the store to reuse does not fit: {problem}"
    if settings.reuse_features and not description and not base.part:
        description = (
            f"computed, because {settings.reuse_features} is not attached or holds no features"
        )
    description = description or "computed"
    session.say(f"features {description}")
    start = session.elapsed()
    state = random.getstate()
    _compute(settings, base, photo_set, order, folder, key, ids)
    # Keras draws the seeds of later layers from `random`: a run that reuses features has the same.
    random.setstate(state)
    store, problem = feature_store.open_store(folder, key, ids)
    if store is None:
        raise RuntimeError(f"the features just written cannot be opened: {problem}")
    seconds = session.elapsed() - start
    return Features(store, train, valid, False, description, seconds, pooling)


def _key(settings: Settings, base: Base) -> dict[str, Any]:
    """Return all that features depend on, except the photos themselves."""
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
    """Return an id for each row, in the order in which rows are computed."""
    train = [photo_set.train.digests[index] for index in order]
    if settings.augment_views:
        train = [f"{photo}/{view}" for view in range(settings.augment_views) for photo in train]
    return [*train, *photo_set.valid.digests]


def _reusable_folders(settings: Settings, part: str) -> list[Path]:
    """Return the folders of earlier stores: of the session before, and of `reuse_features`.

    `part` is the base's, if it is one. A session that did not keep its features has them beside
    its checkpoints.
    """
    source, earlier = settings.reuse_features, os.environ.get(session.EARLIER_OUTPUTS)
    roots = [Path(source), *session.source_folders(source)] if source else []
    return [
        *_first_store([Path(earlier)] if earlier else [], part),
        *_first_store(roots, part),
    ]


def _first_store(roots: list[Path], part: str) -> list[Path]:
    """Return the first folder at or below one of the roots that has a store, or none."""
    inner = (FOLDER, Path(), Path(".resume") / FOLDER)
    folders = (root / each / part for root in roots for each in inner)
    return [folder for folder in folders if (folder / "key.json").is_file()][:1]


def _compute(
    settings: Settings,
    base: Base,
    photo_set: PhotoSet,
    order: np.ndarray[Any, Any],
    folder: Path,
    key: dict[str, Any],
    ids: list[str],
) -> None:
    """Apply the base to all photos, batch by batch, and write the features to `folder`."""
    feature_store.remove_leftovers(folder)
    forward = _ForwardPass(settings, base)
    augmentation = heads.augmentation(settings) if settings.augment_views else []
    passes = [(photo_set.train, order, augmentation)] * max(1, settings.augment_views)
    passes.append((photo_set.valid, np.arange(len(photo_set.valid)), []))
    row_shape = store_size.row_shape(settings, base.layer)
    pooling = key.get("pooling", "")
    row_shape = row_shape[-1:] if pooling else row_shape
    with feature_store.new_store(folder, key, ids, row_shape) as writer:
        for photos, photo_order, layers in passes:
            for features in forward.run(_batches(photos, photo_order, layers, settings)):
                writer.append(heads.pooled(features, pooling) if pooling else features)


def _batches(
    photos: Photos, order: np.ndarray[Any, Any], augmentation: list[Any], settings: Settings
) -> Iterator[Any]:
    """Yield batches of the photos in `order`, augmented by the layers."""
    size = settings.forward_batch_size or settings.batch_size
    for images, _ in pipelines.once(photos, order, settings.changed(batch_size=size)):
        for layer in augmentation:
            images = layer(images, training=True)
        yield images


class _ForwardPass:
    """The base on every device; the batches go to the devices in turn.

    A batch is never split: for another size TensorFlow may choose an algorithm that rounds
    differently.
    """

    def __init__(self, settings: Settings, base: Base) -> None:
        names = accelerators.devices(settings.devices)
        shown = len(accelerators.devices(0))
        session.say(f"devices: {len(names)} of {shown} compute features, one trains the head")
        reduced = settings.compute_dtype != "float32"
        self._devices = [
            (name, _compiled(name, settings, base, copy=index > 0 or reduced))
            for index, name in enumerate(names)
        ]

    def run(self, batches: Iterator[Any]) -> Iterator[np.ndarray[Any, Any]]:
        """Yield the features of each batch, in the order of the batches."""
        waiting: deque[Future[Any]] = deque()
        with ThreadPoolExecutor(len(self._devices)) as pool:
            for number, images in enumerate(batches):
                device, forward = self._devices[number % len(self._devices)]
                waiting.append(pool.submit(_features, device, forward, images))
                if len(waiting) >= _BATCHES_AHEAD * len(self._devices):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()


def _compiled(device: str, settings: Settings, base: Base, *, copy: bool) -> Any:
    """Return the compiled forward pass of the base, or of a copy of it, on one device."""
    with tf.device(device), computing_in(settings.compute_dtype):
        layer = base.replica() if copy else base.layer

    @tf.function(jit_compile="TPU" in device or (settings.xla and "GPU" in device), autograph=False)
    def forward(images: Any) -> Any:
        return layer(images, training=False)

    return forward


def _features(device: str, forward: Any, images: Any) -> np.ndarray[Any, Any]:
    with tf.device(device):
        return tf.cast(forward(images), tf.float32).numpy()
