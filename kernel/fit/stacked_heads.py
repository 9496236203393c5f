"""Many heads of one shape trained at once, with one product for all their first layers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kernel.fit.head_loop import Feed, Rows, over_batches
from kernel.model import heads
from kernel.settings.settings import Settings

_BETA_1, _BETA_2, _RHO = 0.9, 0.999, 0.9  # Keras' defaults
_VALIDATED_AT_ONCE = 8  # batches: the stacked kernels are put together once for all of them


@dataclass(frozen=True)
class Rule:
    """How an optimizer steps all heads at once, at learning rate 1, with TensorFlow's own kernel.

    That kernel takes one epsilon. What it does to a head only depends on the ratio of gradient
    and epsilon, so `loss_scale` makes up for the heads' different ones.
    """

    loss_scale: Callable[[Sequence[Settings]], np.ndarray[Any, Any]]
    update: Callable[..., Any]


def _epsilons(settings: Sequence[Settings]) -> np.ndarray[Any, Any]:
    return np.array([each.epsilon for each in settings], np.float32)


def _adam(settings: Sequence[Settings], w: Any, m: Any, v: Any, gradient: Any, step: Any) -> None:
    tf.raw_ops.ResourceApplyAdam(
        var=w.handle, m=m.handle, v=v.handle, grad=gradient, lr=1.0,
        beta1_power=_BETA_1**step, beta2_power=_BETA_2**step, beta1=_BETA_1, beta2=_BETA_2,
        epsilon=_epsilons(settings).max(),
    )  # fmt: skip


def _rmsprop(settings: Sequence[Settings], w: Any, m: Any, v: Any, gradient: Any, _: Any) -> None:
    tf.raw_ops.ResourceApplyRMSProp(
        var=w.handle, ms=v.handle, mom=m.handle, grad=gradient, lr=1.0,
        rho=_RHO, momentum=settings[0].momentum, epsilon=_epsilons(settings).max(),
    )  # fmt: skip


def _sgd(settings: Sequence[Settings], w: Any, m: Any, _v: Any, gradient: Any, _: Any) -> None:
    tf.raw_ops.ResourceApplyKerasMomentum(
        var=w.handle, accum=m.handle, grad=gradient, lr=1.0, momentum=settings[0].momentum
    )


# The largest epsilon is the unit: scales from 1 up lose no small gradient.
RULES = {
    "adam": Rule(lambda heads: _epsilons(heads).max() / _epsilons(heads), _adam),
    "rmsprop": Rule(lambda heads: np.sqrt(_epsilons(heads).max() / _epsilons(heads)), _rmsprop),
    "sgd": Rule(lambda heads: np.ones(len(heads), np.float32), _sgd),
}


class StackedHeads:
    """Heads that differ in numbers only (learning rate, dropout, seed, …), not in shape.

    Each head learns as it would alone, but for the last bits and the draws of its dropout. One
    product takes the place of many small ones, and one fused optimizer kernel serves all heads:
    weights are kept in units of their head's learning rate, so that every head steps at rate 1.
    `weights` holds each head's, as its Keras layers do; rows are flat.
    """

    def __init__(
        self,
        settings: Sequence[Settings],
        weights: Sequence[list[Any]],
        train: list[Rows],
        valid: Rows,
    ) -> None:
        first = settings[0]
        self.settings = settings
        self._rates = np.array([each.learning_rate for each in settings], np.float32)
        self._weights = [tf.Variable(each) for each in self._stacked(weights)]
        self._moments = [
            [tf.Variable(tf.zeros_like(each)) for each in self._weights] for _ in range(2)
        ]
        self._step = tf.Variable(0, dtype=tf.int64)
        self._rule = RULES[first.optimizer]
        self._loss = keras.losses.get(heads.loss_name(first))
        self._metrics = {name: getattr(keras.metrics, name) for name in heads.metric_names(first)}
        self._sums = tf.Variable(tf.zeros((1 + len(self._metrics), len(settings))))
        size, budget = first.batch_size, first.features_in_memory_mb * 2**20 // 2
        self._train, self._valid = train, valid
        self._train_feed = Feed(train, size, budget)
        self._valid_feed = Feed([valid], size * _VALIDATED_AT_ONCE, budget)
        self._train_steps = over_batches(self._learn, train[0])
        self._test_steps = over_batches(self._test, valid)

    @property
    def state(self) -> list[Any]:
        """All that training changes, in a fixed order."""
        return [*self._weights, *self._moments[0], *self._moments[1], self._step]

    def weights_of(self, head: int) -> list[np.ndarray[Any, Any]]:
        """One head's weights, as its Keras layers hold them."""
        kernels, *others = (each.numpy() for each in self._weights)
        kernel = np.split(kernels, len(self.settings))[head].T
        return [each * self._rates[head] for each in (kernel, *(other[head] for other in others))]

    def _stacked(self, weights: Sequence[list[Any]]) -> list[np.ndarray[Any, Any]]:
        """First kernels [heads · units, features], lying on their side; the others [heads, …]."""
        scaled = [
            [each / rate for each in own] for own, rate in zip(weights, self._rates, strict=True)
        ]
        kernels, *others = zip(*scaled, strict=True)
        return [
            np.concatenate([kernel.T for kernel in kernels]),
            *(np.stack(other) for other in others),
        ]

    def train_epoch(self, epoch: int) -> dict[str, np.ndarray[Any, Any]]:
        """One pass over the training features: loss and metrics [heads]."""
        rows = self._train[epoch % len(self._train)]
        return self._pass(self._train_steps, self._train_feed, rows)

    def validate(self) -> dict[str, np.ndarray[Any, Any]]:
        """Loss and metrics [heads] on the validation features."""
        return self._pass(self._test_steps, self._valid_feed, self._valid)

    def _pass(self, steps: Any, feed: Feed, rows: Rows) -> dict[str, np.ndarray[Any, Any]]:
        self._sums.assign(tf.zeros_like(self._sums))
        for x, y in feed.chunks(rows):
            steps(x, y)
        means = self._sums.numpy() / len(rows.positions)
        return dict(zip(["loss", *self._metrics], means, strict=True))

    def _learn(self, batch: tuple[Any, Any]) -> None:
        x, y = batch
        with tf.GradientTape() as tape:
            answers = self._forward(x, training=True)
            losses = self._losses(y, answers)
            # Heads share no weights, so the gradient of the sum holds each head's own.
            scale = self._rule.loss_scale(self.settings) / self._rates
            total = tf.reduce_sum(tf.reduce_mean(losses, axis=1) * scale)
        gradients = tape.gradient(total, self._weights)
        self._count(y, answers, losses)
        self._step.assign_add(1)
        step = tf.cast(self._step, tf.float32)
        for layer in zip(self._weights, *self._moments, gradients, strict=True):
            self._rule.update(self.settings, *layer, step)

    def _test(self, batch: tuple[Any, Any]) -> None:
        x, y = batch
        answers = self._forward(x, training=False)
        self._count(y, answers, self._losses(y, answers))

    def _forward(self, x: Any, *, training: bool) -> Any:
        """Features [batch, features] → probabilities [heads, batch, outputs]."""
        kernels, *others = self._weights
        count = len(self.settings)
        rates = self._rates[:, None, None]
        activation = keras.activations.get(self.settings[0].activation)
        # The first layer sees the same features in every head: one product for all of them.
        units = kernels.shape[0] // count
        h = tf.reshape(tf.matmul(x, kernels, transpose_b=True), (-1, count, units))
        h = (tf.transpose(h, (1, 0, 2)) + others[0][:, None]) * rates
        for layer in range(1, len(others), 2):
            h = activation(h)
            if training:
                h = self._dropped(h, layer)
            h = (tf.matmul(h, others[layer]) + others[layer + 1][:, None]) * rates
        return tf.sigmoid(h) if h.shape[-1] == 1 else tf.nn.softmax(h)

    def _dropped(self, h: Any, layer: int) -> Any:
        shares = np.array([each.dropout for each in self.settings], np.float32)[:, None, None]
        if not shares.any():
            return h
        seed = tf.stack([tf.constant(self.settings[0].seed + layer, tf.int64), self._step])
        kept = tf.random.stateless_uniform(tf.shape(h), seed) >= shares
        return h * tf.cast(kept, h.dtype) / (1 - shares)

    def _losses(self, y: Any, answers: Any) -> Any:
        """Loss of each head and photo [heads, batch]."""
        return self._loss(self._for_all(y, answers), answers)

    def _count(self, y: Any, answers: Any, losses: Any) -> None:
        y = self._for_all(y, answers)
        values = [losses, *(metric(y, answers) for metric in self._metrics.values())]
        # Some of Keras' metric functions keep the outputs' axis, some do not.
        flat = [tf.cast(value, tf.float32) for value in values]
        flat = [
            tf.reduce_mean(value, axis=-1) if value.shape.rank == 3 else value for value in flat
        ]
        sums = [tf.reduce_sum(value, axis=1) for value in flat]
        self._sums.assign_add(tf.stack(sums))

    def _for_all(self, y: Any, answers: Any) -> Any:
        return tf.broadcast_to(y, tf.concat([tf.shape(answers)[:1], tf.shape(y)], axis=0))
