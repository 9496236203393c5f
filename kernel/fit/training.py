"""Training of one stage: a head on stored features, a whole model, or its fine-tuning."""

import time
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from kernel import session
from kernel.data.photos import Photos, PhotoSet
from kernel.data.stored_photos import epoch_order
from kernel.features.features import Features
from kernel.fit.checkpoints import BestEpoch, Checkpoints, Progress, SavingPace
from kernel.fit.head_loop import HeadTrainer, Rows
from kernel.fit.photo_weights import photo_weights
from kernel.fit.stops import Stop, StopMonitor
from kernel.model import heads
from kernel.settings.settings import Settings


class Trainer(Protocol):
    """A trainer of a model, one epoch at a time; loss and metrics have Keras' names."""

    model: Any

    def train_epoch(self, epoch: int) -> dict[str, float]: ...

    def validate(self) -> dict[str, float]: ...


@dataclass(frozen=True)
class TrainingStage:
    """A named part of the training, of `epochs` epochs; other stages had `epochs_before` it.

    With `keep` "best" the stage ends with the weights of the best epoch, which may be that of a
    stage before: `best` then has its validation loss.
    """

    name: str
    trainer: Trainer
    epochs_before: int
    epochs: int
    keep: str
    best: BestEpoch = field(default_factory=BestEpoch)


def run(
    stage: TrainingStage, total: int, checkpoints: Checkpoints, monitor: StopMonitor
) -> tuple[Progress, Stop | None]:
    """Train until the stage's epochs are finished or `monitor` has a reason to stop.

    The stage resumes from its checkpoint if there is one. A model whose loss is no longer finite
    gets back the weights of the best epoch, or of the last one in which it was. `total` is the
    number of epochs of all stages, for the log.
    """
    model = stage.trainer.model
    progress = checkpoints.restore(model, stage.name)
    if stage.best.epoch and not progress.epochs:
        progress.best = replace(stage.best, weights=model.get_weights())
    if progress.epochs:
        session.say(f"resumed {stage.name} after epoch {stage.epochs_before + progress.epochs}")
    stop = monitor.reason_to_stop(progress) if progress.epochs else None
    pace, last_finite = SavingPace(), model.get_weights()
    while progress.epochs < stage.epochs and stop is None:
        start = time.monotonic()
        metrics = _loss_first(stage.trainer.train_epoch(progress.epochs))
        validation = _loss_first(stage.trainer.validate())
        metrics |= {f"val_{name}": value for name, value in validation.items()}
        progress.add(metrics, time.monotonic() - start)
        _say_epoch(stage.epochs_before + progress.epochs, total, metrics, progress.seconds[-1])
        stop = monitor.reason_to_stop(progress) if progress.epochs < stage.epochs else None
        if progress.is_finite():
            if stage.keep == "best" and metrics["val_loss"] < progress.best.val_loss:
                epoch = stage.epochs_before + progress.epochs
                progress.best = BestEpoch(epoch, metrics["val_loss"], model.get_weights())
            last_finite = model.get_weights() if stage.keep == "last" else []
            if stop or progress.epochs == stage.epochs or pace.is_due:
                with pace.saving():
                    checkpoints.save(model, progress)
    if progress.best.epoch:
        model.set_weights(progress.best.weights)
    elif not progress.is_finite() and last_finite:
        model.set_weights(last_finite)
    return progress, stop


def head_trainer(
    head: Any,
    features: Features,
    photo_set: PhotoSet,
    order: np.ndarray[Any, Any],
    settings: Settings,
    learning_rate: float,
) -> HeadTrainer:
    """Compile the head and return its trainer on stored features."""
    heads.compile_model(head, settings, learning_rate)
    train, valid = rows_of(features, photo_set, order, settings)
    budget = settings.features_in_memory_mb * 2**20
    return HeadTrainer(
        head,
        train,
        valid,
        settings.batch_size,
        budget,
        order=epoch_order(settings, len(photo_set.train)),
    )


def rows_of(
    features: Features, photo_set: PhotoSet, order: np.ndarray[Any, Any], settings: Settings
) -> tuple[list[Rows], Rows]:
    """Return the training rows, an item per view, and the validation rows, with their targets.

    `order` is the order of the training photos (indices) in every epoch.
    """
    store, classes = features.store, len(photo_set.train.class_names)
    train = targets(photo_set.train, settings.label_mode, classes)[order]
    valid = targets(photo_set.valid, settings.label_mode, classes)
    weights = photo_weights(photo_set.train, settings)
    weights = None if weights is None else weights[order]
    return (
        [Rows(store.read, rows, train, store.row_bytes, weights) for rows in features.train],
        Rows(store.read, features.valid, valid, store.row_bytes),
    )


def targets(photos: Photos, label_mode: str, classes: int) -> np.ndarray[Any, Any]:
    """Return the labels as Keras' data sets yield them for this label_mode."""
    labels = np.array(photos.labels)
    if label_mode == "binary":
        return labels.astype(np.float32)[:, None]
    if label_mode == "categorical":
        return np.eye(classes, dtype=np.float32)[labels]
    return labels.astype(np.int32)


def _loss_first(metrics: dict[str, float]) -> dict[str, float]:
    """Put the loss first, as in the course's table; Keras sorts by name."""
    return {"loss": metrics["loss"], **metrics}


def _say_epoch(epoch: int, total: int, metrics: dict[str, float], seconds: float) -> None:
    values = " ".join(f"{name} {value:.4f}" for name, value in metrics.items())
    session.say(f"epoch {epoch}/{total} {values} {seconds:.2f}s")
