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
from kernel.features import features, store_size
from kernel.features.features import Features
from kernel.fit import training
from kernel.fit.checkpoints import BestEpoch, Progress
from kernel.fit.start import Start
from kernel.fit.stops import PLATEAU, Stop, StopMonitor
from kernel.fit.training import Trainer, TrainingStage
from kernel.fit.whole_model import WholeModel, prepare, unfreeze_top
from kernel.model import bases, frozen_part, heads
from kernel.model.bases import Base
from kernel.model.frozen_part import BaseParts
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
    is_fine_tuned: bool = False
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
    stages = _Stages(start, phases, gpu_use)
    stages.first()
    result = stages.result
    # A head that improves no more is what fine-tuning begins with.
    if start.settings.fine_tune_epochs and (result.stop is None or result.stop.cause == PLATEAU):
        stages.fine_tune()
    if result.stop:
        session.say(f"stopped after epoch {len(result.seconds)}: {result.stop.message}")
    return result


class _Stages:
    """The stages of a training, one after the other; `result` grows with each."""

    def __init__(
        self, start: Start, phases: Phases, gpu_use: Callable[[float], float | None]
    ) -> None:
        self._settings, self._photo_set = start.settings, start.photo_set
        self._checkpoints = start.checkpoints()
        self._phases, self._gpu_use = phases, gpu_use
        self._classes = len(start.photo_set.train.class_names)
        classifier = assemble(start.settings, start.base, self._classes)
        self._head_layers = classifier.head.layers
        self._whole: WholeModel | None = None
        self._order = None
        if stores_features(start.settings):
            count = len(start.photo_set.train)
            self._order = pipelines.frozen_order(count, start.settings, training=True)
        self.result = TrainingResult(classifier, start.photo_set, start.settings)

    def first(self) -> None:
        """Train the head on the base's features, or the whole model from photos."""
        settings, result = self._settings, self.result
        if not stores_features(settings):
            whole = self._whole_model()
            self._run_on_photos("train", whole, settings.epochs, settings.learning_rate)
            return
        result.features = self._stored_features(result.classifier.base)
        if result.features.pooling:
            result.classifier = without_pooling(result.classifier)
        head, epochs = result.classifier.head, settings.epochs
        self._run_on_features("head", head, result.features, epochs, settings.learning_rate)

    def fine_tune(self) -> None:
        """Train the base's top layers too: on the outputs of the others, where these fit."""
        settings, classifier = self._settings, self.result.classifier
        self.result.is_fine_tuned = True
        epochs, rate = settings.fine_tune_epochs, settings.fine_tune_learning_rate
        whole = self._whole_model()
        unfreeze_top(bases.core(whole.base), settings.fine_tune_layers)
        parts = self._parts_to_store() if whole.model is classifier.model else None
        if parts is None:
            self._run_on_photos("fine_tune", whole, epochs, rate)
            return
        session.say(f"fine-tuning: the base up to {parts.frozen.part} runs once for each photo")
        stored = self._stored_features(parts.frozen)
        head = heads.model([parts.trained, *self._head_layers], stored.store.row_shape)
        self._run_on_features("fine_tune", head, stored, epochs, rate)

    def _parts_to_store(self) -> BaseParts | None:
        """Return the parts of the base, where the outputs of the frozen one can be stored."""
        if not stores_features(self._settings):
            return None
        parts = frozen_part.split(self.result.classifier.base, self._settings)
        rows = len(self._photo_set.train) * max(1, self._settings.augment_views)
        rows += len(self._photo_set.valid)
        base = self.result.classifier.base.layer
        if parts and store_size.has_room(self._settings, base, parts.frozen.layer, rows):
            return parts
        return None

    def _whole_model(self) -> WholeModel:
        """Return the model to train from photos, the same one in all stages."""
        if self._whole is None:
            model, base = self.result.classifier.model, self.result.classifier.base
            self._whole = prepare(model, base, self._settings, self._classes)
        return self._whole

    def _stored_features(self, base: Base) -> Features:
        assert self._order is not None
        with self._phases.measured("features"):
            return features.load_or_compute(self._settings, base, self._photo_set, self._order)

    def _run_on_features(
        self, name: str, head: Any, stored: Features, epochs: int, rate: float
    ) -> None:
        assert self._order is not None
        trainer = training.head_trainer(
            head, stored, self._photo_set, self._order, self._settings, rate
        )
        self._run(name, trainer, epochs, from_disk=False)

    def _run_on_photos(self, name: str, whole: WholeModel, epochs: int, rate: float) -> None:
        model = self.result.classifier.model
        trainer = whole.trainer(self._photo_set, self._settings, rate)
        self._run(name, trainer, epochs, from_disk=True)
        if whole.model is not model:
            model.set_weights(whole.model.get_weights())

    def _run(self, name: str, trainer: Trainer, epochs: int, *, from_disk: bool) -> None:
        settings, result = self._settings, self.result
        monitor = StopMonitor(settings, self._gpu_use, session.elapsed(), from_disk)
        before, total = len(result.seconds), settings.epochs + settings.fine_tune_epochs
        stage = TrainingStage(name, trainer, before, epochs, settings.keep, result.best)
        with self._phases.measured(name):
            result.add(*training.run(stage, total, self._checkpoints, monitor))


def stores_features(settings: Settings) -> bool:
    """Return whether the head can be trained on features that are computed once."""
    return settings.base_is_frozen and (not settings.augments or settings.augment_views > 0)


def predict(result: TrainingResult) -> np.ndarray[Any, Any]:
    """Return the trained model's probabilities [n, outputs] for the validation photos."""
    photo_set, settings = result.photo_set, result.settings
    if result.features is not None and not result.is_fine_tuned:
        store, rows, size = result.features.store, result.features.valid, settings.batch_size
        parts = [rows[start : start + size] for start in range(0, len(rows), size)]
        batches = [result.classifier.head(store.read(part), training=False) for part in parts]
    else:
        photos = pipelines.once(photo_set.valid, np.arange(len(photo_set.valid)), settings)
        batches = [result.classifier.inference(images, training=False) for images, _ in photos]
    return np.concatenate([np.asarray(batch) for batch in batches])
