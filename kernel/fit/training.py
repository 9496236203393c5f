"""The fits: a head on kept features, a whole model, the fine-tuning after it."""

import time
from dataclasses import dataclass
from typing import Any, Protocol

import keras
import numpy as np

from kernel import session
from kernel.data import pipelines
from kernel.data.photos import Photos, PhotoSet
from kernel.features.features import Features
from kernel.fit.checkpoints import Checkpoints, Progress
from kernel.fit.head_loop import HeadFit, Rows
from kernel.fit.stops import Stop, StopMonitor
from kernel.model import heads
from kernel.settings.settings import Settings


class Fit(Protocol):
    """Something that can be trained an epoch at a time."""

    model: Any

    def train_epoch(self, epoch: int) -> dict[str, float]: ...

    def validate(self) -> dict[str, float]: ...


@dataclass(frozen=True)
class TrainingStage:
    """A named part of the training: what is fitted, until which epoch, counted over all stages."""

    name: str
    fit: Fit
    first: int
    epochs: int


def run(
    stage: TrainingStage, total: int, checkpoints: Checkpoints, watch: StopMonitor
) -> tuple[Progress, Stop | None]:
    """Train until the stage's epochs are done or `watch` finds a reason to stop.

    Goes on from the stage's checkpoint if there is one. A model whose loss is not a number is
    put back to the last epoch in which it was.
    """
    model = stage.fit.model
    progress = checkpoints.restore(model, stage.name)
    if progress.epochs:
        session.say(f"resumed {stage.name} after epoch {stage.first + progress.epochs}")
    stop = watch.reason(progress) if progress.epochs else None
    while progress.epochs < stage.epochs and stop is None:
        began = time.monotonic()
        metrics = _in_order(stage.fit.train_epoch(progress.epochs))
        validated = _in_order(stage.fit.validate())
        metrics |= {f"val_{name}": value for name, value in validated.items()}
        progress.add(metrics, time.monotonic() - began)
        _say_epoch(stage.first + progress.epochs, total, metrics, progress.seconds[-1])
        stop = watch.reason(progress) if progress.epochs < stage.epochs else None
        if progress.is_finite():
            checkpoints.save(model, progress)
    if not progress.is_finite():
        checkpoints.restore(model, stage.name)
    return progress, stop


def head_fit(
    head: Any,
    features: Features,
    photo_set: PhotoSet,
    order: np.ndarray[Any, Any],
    settings: Settings,
) -> HeadFit:
    """The fit of a head on kept features, compiled and ready."""
    heads.compile_model(head, settings, settings.learning_rate)
    train, valid = rows_of(features, photo_set, order, settings.label_mode)
    budget = settings.features_in_memory_mb * 2**20
    return HeadFit(head, train, valid, settings.batch_size, budget)


def rows_of(
    features: Features, photo_set: PhotoSet, order: np.ndarray[Any, Any], label_mode: str
) -> tuple[list[Rows], Rows]:
    """Training features, one item a view, and validation features, each with their targets."""
    store, classes = features.store, len(photo_set.train.class_names)
    train = targets(photo_set.train, label_mode, classes)[order]
    valid = targets(photo_set.valid, label_mode, classes)
    return (
        [Rows(store.read, rows, train, store.row_bytes) for rows in features.train],
        Rows(store.read, features.valid, valid, store.row_bytes),
    )


class WholeFit:
    """Keras' own fit of a whole model on batches of photos, an epoch at a time."""

    def __init__(self, model: Any, photo_set: PhotoSet, settings: Settings) -> None:
        self.model = model
        self._train = pipelines.build(settings.pipeline, photo_set.train, settings, training=True)
        self._valid = pipelines.build(settings.pipeline, photo_set.valid, settings, training=False)
        self._photos = len(photo_set.train), len(photo_set.valid)

    def train_epoch(self, epoch: int) -> dict[str, float]:
        """One pass over the training photos, augmented if the model does that."""
        history = self.model.fit(self._train, epochs=1, shuffle=False, verbose=0).history
        return {name: float(values[-1]) for name, values in history.items()}

    def validate(self) -> dict[str, float]:
        """Loss and metrics on the validation photos."""
        result = self.model.evaluate(self._valid, verbose=0, return_dict=True)
        return {name: float(value) for name, value in result.items()}


def whole_fit(model: Any, photo_set: PhotoSet, settings: Settings) -> WholeFit:
    """The fit of base and head together; a frozen base stays frozen."""
    heads.compile_model(model, settings, settings.learning_rate)
    return WholeFit(model, photo_set, settings)


def fine_tune_fit(model: Any, base: Any, photo_set: PhotoSet, settings: Settings) -> WholeFit:
    """The fit of the head and the base's top layers with small steps.

    BatchNormalization stays as it is: a frozen one runs in inference mode, so the statistics of
    the pretraining are not washed out.
    """
    unfreeze_top(base, settings.fine_tune_layers)
    heads.compile_model(model, settings, settings.fine_tune_learning_rate)
    return WholeFit(model, photo_set, settings)


def unfreeze_top(base: Any, count: int) -> list[str]:
    """Make the base's last `count` layers with weights trainable; returns their names."""
    base.trainable = True
    with_weights = []
    for layer in base._flatten_layers(include_self=False):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
        elif not hasattr(layer, "layers"):
            layer.trainable = False
            if layer.weights:
                with_weights.append(layer)
    for layer in with_weights[-count:]:
        layer.trainable = True
    return [layer.name for layer in with_weights[-count:]]


def targets(photos: Photos, label_mode: str, classes: int) -> np.ndarray[Any, Any]:
    """Labels as Keras' data sets give them for this label_mode."""
    labels = np.array(photos.labels)
    if label_mode == "binary":
        return labels.astype(np.float32)[:, None]
    if label_mode == "categorical":
        return np.eye(classes, dtype=np.float32)[labels]
    return labels.astype(np.int32)


def _in_order(metrics: dict[str, float]) -> dict[str, float]:
    """The loss first, as in the course's table; Keras sorts by name."""
    return {"loss": metrics["loss"], **metrics}


def _say_epoch(epoch: int, total: int, metrics: dict[str, float], seconds: float) -> None:
    values = " ".join(f"{name} {value:.4f}" for name, value in metrics.items())
    session.say(f"epoch {epoch}/{total} {values} {seconds:.2f}s")
