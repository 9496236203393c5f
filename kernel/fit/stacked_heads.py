"""Many heads of one shape, trained together: one matrix product for all their first layers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kernel.fit.head_loop import Chunk, Feed, Rows, compile_loop
from kernel.model import heads
from kernel.settings.settings import Settings

_BETA_1, _BETA_2, _RHO = 0.9, 0.999, 0.9  # Keras' defaults
_VALIDATION_BATCHES = 8  # so many batches are validated as one


@dataclass(frozen=True)
class OptimizerRule:
    """A step of an optimizer for all heads at once, at learning rate 1, by TensorFlow's own op.

    That op takes a single epsilon. A head's step only depends on the ratio of its gradient to
    epsilon, so `loss_scale` compensates for the heads' different epsilons.
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


def _adam_loss_scale(settings: Sequence[Settings]) -> np.ndarray[Any, Any]:
    # Relative to the largest epsilon: scales of 1 and more lose no small gradient.
    epsilons = _epsilons(settings)
    return epsilons.max() / epsilons


def _rmsprop_loss_scale(settings: Sequence[Settings]) -> np.ndarray[Any, Any]:
    return np.sqrt(_adam_loss_scale(settings))


def _sgd_loss_scale(settings: Sequence[Settings]) -> np.ndarray[Any, Any]:
    return np.ones(len(settings), np.float32)


OPTIMIZER_RULES = {
    "adam": OptimizerRule(_adam_loss_scale, _adam),
    "rmsprop": OptimizerRule(_rmsprop_loss_scale, _rmsprop),
    "sgd": OptimizerRule(_sgd_loss_scale, _sgd),
}


class StackedHeads:
    """Heads that differ in numbers only (learning rate, dropout, seed, …), not in shape.

    Each head is trained as it would be alone, except for the last bits and the random numbers of
    its dropout. One matrix product replaces many small ones, and one fused optimizer op steps all
    heads: weights are stored in units of their head's learning rate, so that every head steps at
    rate 1. `weights` are each head's, as its Keras layers hold them; rows are flat [n, features].
    """

    def __init__(
        self,
        settings: Sequence[Settings],
        weights: Sequence[list[Any]],
        train: list[Rows],
        valid: Rows,
        *,
        order: Callable[[int], np.ndarray[Any, Any]] | None = None,
    ) -> None:
        first = settings[0]
        self._order = order
        self.settings = settings
        self._learning_rates = np.array([each.learning_rate for each in settings], np.float32)
        self._weights = [tf.Variable(each) for each in self._stack(weights)]
        self._moments = [
            [tf.Variable(tf.zeros_like(each)) for each in self._weights] for _ in range(2)
        ]
        self._step = tf.Variable(0, dtype=tf.int64)
        self._rule = OPTIMIZER_RULES[first.optimizer]
        self._loss = keras.losses.get(heads.loss_name(first))
        self._metrics = heads.metric_functions(first)
        self._sums = tf.Variable(tf.zeros((1 + len(self._metrics), len(settings))))
        size, budget = first.batch_size, first.features_in_memory_mb * 2**20 // 2
        self._train, self._valid = train, valid
        self._train_feed = Feed(train, size, budget)
        self._valid_feed = Feed([valid], size * _VALIDATION_BATCHES, budget)
        self._train_steps = compile_loop(self._train_step, train[0])
        self._test_steps = compile_loop(self._test_step, valid)

    @property
    def state(self) -> list[Any]:
        """All variables that training changes, in a fixed order."""
        return [*self._weights, *self._moments[0], *self._moments[1], self._step]

    def weights(self) -> list[np.ndarray[Any, Any]]:
        """Return a copy of the weights of all heads."""
        return [each.numpy() for each in self._weights]

    def updated(
        self, weights: list[np.ndarray[Any, Any]], improved: np.ndarray[Any, Any]
    ) -> list[np.ndarray[Any, Any]]:
        """Return `weights` with the present ones of the heads where `improved` [heads] is true."""
        now = self.weights()
        if not weights or improved.all():
            return now
        rows = np.repeat(improved, len(now[0]) // len(improved))
        for old, new, which in zip(weights, now, [rows, *[improved] * (len(now) - 1)], strict=True):
            old[which] = new[which]
        return weights

    def weights_of(
        self, head: int, weights: list[np.ndarray[Any, Any]]
    ) -> list[np.ndarray[Any, Any]]:
        """Return one head's part of the weights of all, as its Keras layers hold them."""
        kernels, *others = weights
        kernel = np.split(kernels, len(self.settings))[head].T
        rate = self._learning_rates[head]
        return [each * rate for each in (kernel, *(other[head] for other in others))]

    def _stack(self, weights: Sequence[list[Any]]) -> list[np.ndarray[Any, Any]]:
        """Return the first kernels as [heads · units, features], all other weights [heads, …]."""
        scaled = [
            [each / rate for each in own]
            for own, rate in zip(weights, self._learning_rates, strict=True)
        ]
        kernels, *others = zip(*scaled, strict=True)
        return [
            np.concatenate([kernel.T for kernel in kernels]),
            *(np.stack(other) for other in others),
        ]

    def train_epoch(self, epoch: int) -> dict[str, np.ndarray[Any, Any]]:
        """Train on all batches in their order; return the loss and the metrics, each [heads]."""
        rows, feed = self._train[epoch % len(self._train)], self._train_feed
        chunks = feed.reordered(rows, self._order(epoch)) if self._order else feed.chunks(rows)
        return self._pass(self._train_steps, chunks, len(rows.indices))

    def validate(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return loss and metrics on the validation features, each [heads]."""
        chunks = self._valid_feed.chunks(self._valid)
        return self._pass(self._test_steps, chunks, len(self._valid.indices))

    def _pass(
        self, steps: Any, chunks: Iterable[Chunk], count: int
    ) -> dict[str, np.ndarray[Any, Any]]:
        self._sums.assign(tf.zeros_like(self._sums))
        for chunk in chunks:
            steps(*chunk)
        means = self._sums.numpy() / count
        return dict(zip(["loss", *self._metrics], means, strict=True))

    def _train_step(self, batch: Chunk) -> None:
        x, y, *weights = batch
        with tf.GradientTape() as tape:
            predictions = self._forward(x, training=True)
            losses = self._losses(y, predictions)
            for each in weights:
                losses *= each
            # Heads share no weights, so the gradient of the sum is the gradient of each.
            scale = self._rule.loss_scale(self.settings) / self._learning_rates
            total = tf.reduce_sum(tf.reduce_mean(losses, axis=1) * scale)
        gradients = tape.gradient(total, self._weights)
        self._add_to_sums(y, predictions, losses)
        self._step.assign_add(1)
        step = tf.cast(self._step, tf.float32)
        for layer in zip(self._weights, *self._moments, gradients, strict=True):
            self._rule.update(self.settings, *layer, step)

    def _test_step(self, batch: Chunk) -> None:
        x, y = batch
        predictions = self._forward(x, training=False)
        self._add_to_sums(y, predictions, self._losses(y, predictions))

    def _forward(self, x: Any, *, training: bool) -> Any:
        """Return probabilities [heads, batch, outputs] for features [batch, features]."""
        kernels, *others = self._weights
        count = len(self.settings)
        rates = self._learning_rates[:, None, None]
        activation = keras.activations.get(self.settings[0].activation)
        # The first layers of all heads get the same features: one product for all of them.
        units = kernels.shape[0] // count
        h = tf.reshape(tf.matmul(x, kernels, transpose_b=True), (-1, count, units))
        h = (tf.transpose(h, (1, 0, 2)) + others[0][:, None]) * rates
        for layer in range(1, len(others), 2):
            h = activation(h)
            if training:
                h = self._dropout(h, layer)
            h = (tf.matmul(h, others[layer]) + others[layer + 1][:, None]) * rates
        return tf.sigmoid(h) if h.shape[-1] == 1 else tf.nn.softmax(h)

    def _dropout(self, h: Any, layer: int) -> Any:
        rates = np.array([each.dropout for each in self.settings], np.float32)[:, None, None]
        if not rates.any():
            return h
        seed = tf.stack([tf.constant(self.settings[0].seed + layer, tf.int64), self._step])
        mask = tf.random.stateless_uniform(tf.shape(h), seed) >= rates
        return h * tf.cast(mask, h.dtype) / (1 - rates)

    def _losses(self, y: Any, predictions: Any) -> Any:
        """Return the loss of each head and photo [heads, batch]."""
        return self._loss(self._repeat(y, predictions), predictions)

    def _add_to_sums(self, y: Any, predictions: Any, losses: Any) -> None:
        y = self._repeat(y, predictions)
        values = [losses, *(metric(y, predictions) for metric in self._metrics.values())]
        # Some of Keras' metric functions keep the axis of the outputs, some do not.
        flat = [tf.cast(value, tf.float32) for value in values]
        flat = [
            tf.reduce_mean(value, axis=-1) if value.shape.rank == 3 else value for value in flat
        ]
        sums = [tf.reduce_sum(value, axis=1) for value in flat]
        self._sums.assign_add(tf.stack(sums))

    def _repeat(self, y: Any, predictions: Any) -> Any:
        """Repeat the targets for each head: [heads, *y.shape]."""
        return tf.broadcast_to(y, tf.concat([tf.shape(predictions)[:1], tf.shape(y)], axis=0))
