"""The whole model of augmentation, base and head, and its training from photos."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from kernel.data import feed
from kernel.data.photos import PhotoSet
from kernel.fit import distributed, twin
from kernel.fit.distributed import DistributedTrainer
from kernel.fit.photo_weights import class_weights
from kernel.fit.training import Trainer
from kernel.model import heads
from kernel.model.bases import Base
from kernel.settings.settings import Settings


@dataclass(frozen=True)
class WholeModel:
    """A model to be trained from photos, and the layer in it that is the base.

    `devices` is the strategy in whose scope it was built, None for the usual device.
    """

    model: Any
    base: Any
    devices: Any = None

    def trainer(self, photo_set: PhotoSet, settings: Settings, learning_rate: float) -> Trainer:
        """Compile the model and return its trainer; what is frozen stays so."""
        with self.devices.scope() if self.devices else nullcontext():
            heads.compile_model(self.model, settings, learning_rate, compiles=compiles(settings))
        if self.devices is None:
            return ModelTrainer(self.model, photo_set, settings)
        parts = isinstance(self.devices, tf.distribute.TPUStrategy)
        return DistributedTrainer(self.model, self.devices, photo_set, settings, equal_parts=parts)


def prepare(model: Any, base: Base, settings: Settings, classes: int) -> WholeModel:
    """Return the model to train in the place of `model`, which may be itself.

    It is a copy where it is trained on several devices, or not in float32.
    """
    devices = distributed.strategy(settings, base)
    if devices is None and settings.compute_dtype == "float32":
        return WholeModel(model, base.layer)
    copy, layer = twin.build(model, base, settings, classes, devices)
    return WholeModel(copy, layer, devices)


def compiles(settings: Settings) -> bool:
    """Return whether the model is compiled with XLA, which is slower than nothing on a CPU."""
    return settings.xla and bool(tf.config.list_logical_devices("GPU"))


class ModelTrainer:
    """A trainer of a whole, compiled model on photos, by Keras' own `fit`."""

    def __init__(self, model: Any, photo_set: PhotoSet, settings: Settings) -> None:
        self.model = model
        self._class_weights = class_weights(photo_set.train, settings)
        self._train, self._valid = feed.feed(photo_set, settings)

    def train_epoch(self, epoch: int) -> dict[str, float]:
        """Train on all training photos once; return the loss and the metrics."""
        history = self.model.fit(
            self._train(epoch),
            epochs=1,
            shuffle=False,
            verbose=0,
            class_weight=None
            if self._class_weights is None
            else dict(enumerate(self._class_weights.tolist())),
        ).history
        return {name: float(values[-1]) for name, values in history.items()}

    def validate(self) -> dict[str, float]:
        """Return loss and metrics on the validation photos."""
        result = self.model.evaluate(self._valid(0), verbose=0, return_dict=True)
        return {name: float(value) for name, value in result.items()}


def unfreeze_top(base: Any, count: int) -> list[str]:
    """Make the base's last `count` layers with weights trainable; return their names."""
    base.trainable = True
    with_weights = []
    for layer in _layers_below(base):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
        elif not hasattr(layer, "layers"):
            layer.trainable = False
            if layer.weights:
                with_weights.append(layer)
    for layer in with_weights[-count:]:
        layer.trainable = True
    return [layer.name for layer in with_weights[-count:]]


def _layers_below(model: Any) -> Iterator[Any]:
    """Yield the layers of a model and of the models among them, in their order."""
    for layer in model.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from _layers_below(layer)
