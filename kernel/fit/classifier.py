"""The classifier of base and head, and its training in stages."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

import keras
import numpy as np

from kernel import session
from kernel.data import pipelines
from kernel.data.photos import PhotoSet
from kernel.features import features
from kernel.features.features import Features
from kernel.fit import training
from kernel.fit.checkpoints import BestEpoch, Progress
from kernel.fit.start import Start
from kernel.fit.stops import Stop, StopMonitor
from kernel.fit.training import Trainer, TrainingStage
from kernel.fit.whole_model import WholeModel, prepare, unfreeze_top
from kernel.model import bases, heads
from kernel.model.bases import Base
from kernel.session import Phases
from kernel.settings.settings import Settings


@dataclass(frozen=True)
class Classifier:
    """The whole model and its parts, which share their layers.

    `model` is trained, and begins with the augmentation. `inference` is what leaves the run: the
    same without the augmentation, which Keras would also apply where nobody says that it predicts.
    `head` is a model of the head's layers on features.
    """

    model: Any
    inference: Any
    base: Base
    head: Any


@dataclass
class TrainingResult:
    """The result of a training; `history` and `seconds` (per epoch) cover all stages.

    The classifier has the weights of `best.epoch` if that is not 0, else of the last epoch.
    """

    classifier: Classifier
    photo_set: PhotoSet
    settings: Settings
    history: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    resumed_from: int | None = None
    stop: Stop | None = None
    features: Features | None = None
    best: BestEpoch = field(default_factory=BestEpoch)

    @property
    def model_epoch(self) -> int:
        """The epoch whose weights the classifier has: the best, or the last with a finite loss."""
        finite = [epoch for epoch, loss in enumerate(self.history["loss"], 1) if isfinite(loss)]
        return self.best.epoch or (finite[-1] if finite else 0)

    def add(self, progress: Progress, stop: Stop | None) -> None:
        """Append a finished stage."""
        if progress.resumed_from:
            self.resumed_from = len(self.seconds) + progress.resumed_from
        for name, values in progress.history.items():
            self.history.setdefault(name, []).extend(values)
        self.seconds += progress.seconds
        self.best = replace(progress.best, weights=[])
        self.stop = stop


def assemble(settings: Settings, base: Base, classes: int) -> Classifier:
    """Put a new head on the base, for so many classes.

    The seeds of its weights are drawn here, after those of the base, as in the course.
    """
    shape = tuple(base.layer.compute_output_shape((None, *settings.input_shape))[1:])
    layers = heads.build(settings, classes, feature_rank=len(shape))
    head = heads.model(layers, shape)
    augmentation = heads.augmentation(settings)

    def model(*before: Any) -> Any:
        photos = keras.Input(settings.input_shape)
        return keras.Sequential([photos, *before, base.layer, *layers], name="classifier")

    return Classifier(model(*augmentation), model(), base, head)


def without_pooling(classifier: Classifier) -> Classifier:
    """Return the classifier with a head for features that are pooled already."""
    layers = classifier.head.layers[1:]
    return replace(classifier, head=heads.model(layers, tuple(layers[0].input.shape[1:])))


def train(start: Start, phases: Phases, gpu_use: Callable[[float], float | None]) -> TrainingResult:
    """Train the head or the whole model, then fine-tune it if the settings say so.

    `gpu_use` is that of `StopMonitor`, which may end the training early.
    """
    settings, photo_set, checkpoints = start.settings, start.photo_set, start.checkpoints()
    classifier = assemble(settings, start.base, len(photo_set.train.class_names))
    result = TrainingResult(classifier, photo_set, settings)
    total = settings.epochs + settings.fine_tune_epochs

    def run(name: str, trainer: Trainer, epochs: int, *, from_disk: bool) -> None:
        monitor = StopMonitor(settings, gpu_use, session.elapsed(), from_disk)
        before = len(result.seconds)
        stage = TrainingStage(name, trainer, before, epochs, settings.keep, result.best)
        with phases.measured(name):
            result.add(*training.run(stage, total, checkpoints, monitor))

    def run_whole(name: str, whole: WholeModel, epochs: int, learning_rate: float) -> None:
        run(name, whole.trainer(photo_set, settings, learning_rate), epochs, from_disk=True)
        if whole.model is not classifier.model:
            classifier.model.set_weights(whole.model.get_weights())

    classes = len(photo_set.train.class_names)
    whole = None
    if stores_features(settings):
        order = pipelines.frozen_order(len(photo_set.train), settings, training=True)
        with phases.measured("features"):
            result.features = features.load_or_compute(settings, classifier.base, photo_set, order)
        if result.features.pooling:
            classifier = result.classifier = without_pooling(classifier)
        head = training.head_trainer(classifier.head, result.features, photo_set, order, settings)
        run("head", head, settings.epochs, from_disk=False)
    else:
        whole = prepare(classifier.model, classifier.base, settings, classes)
        run_whole("train", whole, settings.epochs, settings.learning_rate)
    if settings.fine_tune_epochs and result.stop is None:
        whole = whole or prepare(classifier.model, classifier.base, settings, classes)
        unfreeze_top(bases.core(whole.base), settings.fine_tune_layers)
        rate = settings.fine_tune_learning_rate
        run_whole("fine_tune", whole, settings.fine_tune_epochs, rate)
    if result.stop:
        session.say(f"stopped after epoch {len(result.seconds)}: {result.stop.message}")
    return result


def stores_features(settings: Settings) -> bool:
    """Return whether the head can be trained on features that are computed once."""
    return settings.base_is_frozen and (not settings.augments or settings.augment_views > 0)


def predict(result: TrainingResult) -> np.ndarray[Any, Any]:
    """Return the trained model's probabilities [n, outputs] for the validation photos."""
    photo_set, settings = result.photo_set, result.settings
    is_fine_tuned = len(result.seconds) > settings.epochs
    if result.features is not None and not is_fine_tuned:
        store, rows, size = result.features.store, result.features.valid, settings.batch_size
        parts = [rows[start : start + size] for start in range(0, len(rows), size)]
        batches = [result.classifier.head(store.read(part), training=False) for part in parts]
    else:
        photos = pipelines.once(photo_set.valid, np.arange(len(photo_set.valid)), settings)
        batches = [result.classifier.inference(images, training=False) for images, _ in photos]
    return np.concatenate([np.asarray(batch) for batch in batches])
