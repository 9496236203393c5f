"""Base and head put together, and trained stage by stage."""

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from kernel import session
from kernel.data import pipelines
from kernel.data.photos import PhotoSet
from kernel.features import features
from kernel.features.features import Features
from kernel.fit import training
from kernel.fit.checkpoints import Checkpoints, Progress
from kernel.fit.stops import Stop, StopMonitor
from kernel.fit.training import Fit, TrainingStage
from kernel.model import bases, heads
from kernel.model.bases import Base
from kernel.session import Phases
from kernel.settings.settings import Settings


@dataclass(frozen=True)
class Classifier:
    """The whole model, and its parts; `head` is the same layers on features."""

    model: Any
    base: Base
    head: Any


@dataclass
class TrainingResult:
    """What the training came to. `history` and `seconds` span all stages."""

    classifier: Classifier
    history: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    resumed_from: int | None = None
    stop: Stop | None = None
    features: Features | None = None

    def add(self, progress: Progress, stop: Stop | None) -> None:
        """Append a stage."""
        if progress.resumed_from:
            self.resumed_from = len(self.seconds) + progress.resumed_from
        for name, values in progress.history.items():
            self.history.setdefault(name, []).extend(values)
        self.seconds += progress.seconds
        self.stop = stop


def assemble(settings: Settings, base: Base, classes: int) -> Classifier:
    """A fresh head on the base. Its weights' seeds are drawn here, after the base's."""
    shape = tuple(base.layer.compute_output_shape((None, *settings.input_shape))[1:])
    layers = heads.build(settings, classes, feature_rank=len(shape))
    head = heads.model(layers, shape)
    augmentation = heads.augmentation(settings)
    model = keras.Sequential(
        [keras.Input(settings.input_shape), *augmentation, base.layer, *layers], name="classifier"
    )
    heads.compile_model(model, settings, settings.learning_rate)
    return Classifier(model, base, head)


def train(
    classifier: Classifier,
    photo_set: PhotoSet,
    settings: Settings,
    checkpoints: Checkpoints,
    phases: Phases,
    gpu_use: Any,
) -> TrainingResult:
    """Train the head or the whole model, then fine-tune, as far as the settings and time allow."""
    result = TrainingResult(classifier)
    total = settings.epochs + settings.fine_tune_epochs

    def run(name: str, fit: Fit, epochs: int, *, from_disk: bool) -> None:
        watch = StopMonitor(settings, gpu_use, session.elapsed(), from_disk)
        stage = TrainingStage(name, fit, len(result.seconds), epochs)
        with phases.measured(name):
            result.add(*training.run(stage, total, checkpoints, watch))

    if keeps_features(settings):
        order = pipelines.frozen_order(len(photo_set.train), settings, training=True)
        with phases.measured("features"):
            result.features = features.take(settings, classifier.base, photo_set, order)
        fit = training.head_fit(classifier.head, result.features, photo_set, order, settings)
        run("head", fit, settings.epochs, from_disk=False)
    else:
        whole = training.whole_fit(classifier.model, photo_set, settings)
        run("train", whole, settings.epochs, from_disk=True)
    if settings.fine_tune_epochs and result.stop is None:
        tuned = training.fine_tune_fit(
            classifier.model, bases.core(classifier.base.layer), photo_set, settings
        )
        run("fine_tune", tuned, settings.fine_tune_epochs, from_disk=True)
    if result.stop:
        session.say(f"stopped after epoch {len(result.seconds)}: {result.stop.message}")
    return result


def keeps_features(settings: Settings) -> bool:
    """Whether the head can be trained on features that are computed once."""
    return settings.base_is_frozen and (not settings.augments or settings.augment_views > 0)


def predict(
    result: TrainingResult, photo_set: PhotoSet, settings: Settings
) -> np.ndarray[Any, Any]:
    """The trained model's probabilities for the validation photos, in their order."""
    tuned = len(result.seconds) > settings.epochs
    if result.features is not None and not tuned:
        store, rows, size = result.features.store, result.features.valid, settings.batch_size
        parts = [rows[start : start + size] for start in range(0, len(rows), size)]
        batches = [result.classifier.head(store.read(part), training=False) for part in parts]
    else:
        once = pipelines.once(photo_set.valid, np.arange(len(photo_set.valid)), settings)
        batches = [result.classifier.model(images, training=False) for images, _ in once]
    return np.concatenate([np.asarray(batch) for batch in batches])
