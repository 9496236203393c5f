"""Training of a whole model on several devices at once, each with its part of every batch."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kernel import accelerators, session
from kernel.data import feed
from kernel.data.photos import PhotoSet
from kernel.fit.photo_weights import class_weights, sample_weights
from kernel.model import heads
from kernel.model.bases import Base
from kernel.model.saved_base import SavedModelBase
from kernel.session import RunError
from kernel.settings.settings import Settings

Part = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]
"""Images, labels and weights of the photos for one device."""


def strategy(settings: Settings, base: Base) -> Any | None:
    """Return the strategy for all devices, or None where one device computes.

    Raises:
        RunError: A setting does not work on several devices.
    """
    names = accelerators.devices(settings.devices)
    kind = names[0].rpartition("device:")[2].partition(":")[0]
    shown = len(accelerators.devices(0))
    count = min(len(names), settings.batch_size)
    if isinstance(base.network, SavedModelBase):
        count = 1  # Its graph cannot be copied to the others.
    idle = f"; {shown - count} idle" if count < shown else ""
    session.say(f"devices: {count} of {shown} ({kind}) train the whole model{idle}")
    if count < 2:
        return None
    if settings.xla and kind == "GPU":
        raise RunError("xla = true compiles for one device only: set devices = 1 or xla = false.")
    if kind == "TPU":
        if count < shown:
            raise RunError(f"a TPU trains on all of its {shown} cores: set devices = 0.")
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver("local")
        return tf.distribute.TPUStrategy(resolver)
    return tf.distribute.MirroredStrategy(names[:count], cross_device_ops=_cross_device_ops(kind))


def _cross_device_ops(kind: str) -> Any | None:
    """Return how gradients are summed: TensorFlow's own choice for GPUs, on one CPU else."""
    return None if kind == "GPU" else tf.distribute.ReductionToOneDevice()


class DistributedTrainer:
    """A trainer of a whole, compiled model that was built in the scope of a strategy.

    The loss is the mean over all photos of the batch, whichever device has them. With
    `equal_parts`, as a TPU needs them, an incomplete batch is filled up with photos of weight 0.
    """

    def __init__(
        self,
        model: Any,
        devices: Any,
        photo_set: PhotoSet,
        settings: Settings,
        *,
        equal_parts: bool = False,
    ) -> None:
        self.model = model
        self._devices, self._photo_set = devices, photo_set
        self._equal_parts = equal_parts
        self._class_weights = class_weights(photo_set.train, settings)
        self._loss = keras.losses.get(heads.loss_name(settings))
        self._metrics = heads.metric_functions(settings)
        self._train, self._valid = feed.feed(photo_set, settings)
        self._train_steps = self._compiled(self._train_part)
        self._test_steps = self._compiled(self._test_part)

    def train_epoch(self, epoch: int) -> dict[str, float]:
        """Train on all training photos once; return the loss and the metrics.

        Raises:
            RuntimeError: Not every photo was counted exactly once.
        """
        return self._pass(self._train_steps, self._train(epoch), len(self._photo_set.train))

    def validate(self) -> dict[str, float]:
        """Return loss and metrics on the validation photos.

        Raises:
            RuntimeError: Not every photo was counted exactly once.
        """
        return self._pass(self._test_steps, self._valid(0), len(self._photo_set.valid))

    def _pass(self, steps: Any, batches: Iterable[Any], photos: int) -> dict[str, float]:
        totals: Any = 0.0
        for images, labels in batches:
            parts = self._split(images.numpy(), labels.numpy())
            totals += steps(*self._on_devices(parts), tf.constant(float(len(labels))))
        count, *sums = np.asarray(totals, dtype=np.float64)
        if count != photos:
            raise RuntimeError(f"{count:g} photos were counted in an epoch of {photos}")
        return dict(
            zip(["loss", *self._metrics], (float(each) / count for each in sums), strict=True)
        )

    def _split(self, images: np.ndarray[Any, Any], labels: np.ndarray[Any, Any]) -> list[Part]:
        """Return a part of the batch for each device; they differ by one photo at most."""
        count, weights = self._devices.num_replicas_in_sync, np.ones(len(labels), np.float32)
        if self._equal_parts and (missing := -len(labels) % count):
            again = np.arange(missing) % len(labels)
            images = np.concatenate([images, images[again]])
            labels = np.concatenate([labels, labels[again]])
            weights = np.append(weights, np.zeros(missing, np.float32))
        split = (np.array_split(each, count) for each in (images, labels, weights))
        return list(zip(*split, strict=True))

    def _on_devices(self, parts: list[Part]) -> list[Any]:
        """Return images, labels and weights with a value for each device."""
        place = self._devices.experimental_distribute_values_from_function
        return [
            place(lambda at, of=position: tf.constant(parts[at.replica_id_in_sync_group][of]))
            for position in range(3)
        ]

    def _compiled(self, step: Any) -> Any:
        """Return the compiled step on all devices: the sums of photos, loss and metrics."""

        @tf.function(autograph=False, reduce_retracing=True)
        def steps(images: Any, labels: Any, weights: Any, total: Any) -> Any:
            sums = self._devices.run(step, args=(images, labels, weights, total))
            return self._devices.reduce(tf.distribute.ReduceOp.SUM, sums, axis=None)

        return steps

    def _train_part(self, images: Any, labels: Any, weights: Any, total: Any) -> Any:
        variables, optimizer = self.model.trainable_variables, self.model.optimizer
        with tf.GradientTape() as tape:
            predictions = self.model(images, training=True)
            losses = self._losses(labels, predictions) * weights
            if self._class_weights is not None:
                losses *= sample_weights(labels, self._class_weights)
            loss = optimizer.scale_loss(tf.reduce_sum(losses) / total)
        # The optimizer adds up the gradients of all devices.
        optimizer.apply(tape.gradient(loss, variables), variables)
        return self._sums(labels, predictions, losses, weights)

    def _test_part(self, images: Any, labels: Any, weights: Any, total: Any) -> Any:
        predictions = self.model(images, training=False)
        losses = self._losses(labels, predictions) * weights
        return self._sums(labels, predictions, losses, weights)

    def _losses(self, labels: Any, predictions: Any) -> Any:
        """Return the loss of each photo [batch]."""
        return _per_photo(self._loss(labels, predictions))

    def _sums(self, labels: Any, predictions: Any, losses: Any, weights: Any) -> Any:
        metrics = [_per_photo(metric(labels, predictions)) for metric in self._metrics.values()]
        values = [weights, losses, *(metric * weights for metric in metrics)]
        return tf.stack([tf.reduce_sum(value) for value in values])


def _per_photo(values: Any) -> Any:
    """Return a value for each photo [batch]: some of Keras' functions keep the axis of outputs."""
    values = tf.cast(values, tf.float32)
    return tf.reduce_mean(values, axis=-1) if values.shape.rank == 2 else values
