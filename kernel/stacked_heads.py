"""Many heads of one shape trained at once: their weights stacked along a first axis."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kernel import heads
from kernel.head_loop import Rows
from kernel.settings import Settings

OPTIMIZERS = ("adam", "rmsprop", "sgd")
_BETA_1, _BETA_2, _RHO = 0.9, 0.999, 0.9  # Keras' defaults


class StackedHeads:
    """Heads that differ in numbers only (learning rate, dropout, seed, …), not in shape.

    Each head learns as it would alone, but for the last bits: one large product takes the place
    of many small ones.
    """

    def __init__(self, settings: Sequence[Settings], weights: Sequence[list[Any]]) -> None:
        first = settings[0]
        self.settings = settings
        self._weights = [tf.Variable(np.stack(each)) for each in zip(*weights, strict=True)]
        self._moments = [
            [tf.Variable(tf.zeros_like(each)) for each in self._weights] for _ in range(2)
        ]
        self._step = tf.Variable(0, dtype=tf.int64)
        self._rates = self._numbers("learning_rate")
        self._epsilons = self._numbers("epsilon")
        self._momenta = self._numbers("momentum")
        self._dropouts = self._numbers("dropout")
        self._activation = keras.activations.get(first.activation)
        self._loss = keras.losses.get(heads.loss_name(first))
        self._metrics = {name: _metric(name) for name in heads.metric_names(first)}
        self._sums = tf.Variable(tf.zeros((1 + len(self._metrics), len(settings))))
        self._compiled: dict[bool, Any] = {}

    @property
    def state(self) -> list[Any]:
        """All that training changes, in a fixed order."""
        return [*self._weights, *self._moments[0], *self._moments[1], self._step]

    def weights_of(self, head: int) -> list[np.ndarray[Any, Any]]:
        """One head's weights, as its Keras layers hold them."""
        return [each[head].numpy() for each in self._weights]

    def epoch(
        self, chunks: Sequence[tuple[Any, Any]], rows: Rows, *, training: bool
    ) -> dict[str, np.ndarray[Any, Any]]:
        """One pass over `chunks` of `rows`: loss and metrics [heads], means over the photos."""
        self._sums.assign(tf.zeros_like(self._sums))
        if training not in self._compiled:
            self._compiled[training] = self._compile(chunks[0], training)
        for x, y in chunks:
            self._compiled[training](x, y)
        means = self._sums.numpy() / len(rows.positions)
        return dict(zip(["loss", *self._metrics], means, strict=True))

    def _compile(self, example: tuple[Any, Any], training: bool) -> Any:
        signature = [tf.TensorSpec([None, None, *each.shape[2:]], each.dtype) for each in example]
        one = self._train if training else self._test

        @tf.function(input_signature=signature, autograph=False)
        def steps(x: Any, y: Any) -> None:
            def one_batch(batch: Any) -> tuple[Any]:
                one(x[batch], y[batch])
                return (batch + 1,)

            batches = tf.shape(x)[0]
            tf.while_loop(lambda batch: batch < batches, one_batch, (0,), parallel_iterations=1)

        return steps

    def _train(self, x: Any, y: Any) -> None:
        with tf.GradientTape() as tape:
            answers = self._forward(x, training=True)
            losses = self._losses(y, answers)
            # Heads share no weights, so the gradient of the sum holds each head's own.
            total = tf.reduce_sum(tf.reduce_mean(losses, axis=1))
        gradients = tape.gradient(total, self._weights)
        self._count(y, answers, losses)
        self._update(gradients)

    def _test(self, x: Any, y: Any) -> None:
        answers = self._forward(x, training=False)
        self._count(y, answers, self._losses(y, answers))

    def _forward(self, x: Any, *, training: bool) -> Any:
        """Features [batch, …] → probabilities [heads, batch, outputs]."""
        x = self._pooled(x)
        # The first layer sees the same features in every head: one product for all of them.
        kernel, bias = self._weights[:2]
        heads_, inputs, units = kernel.shape
        flat = tf.reshape(tf.transpose(kernel, (1, 0, 2)), (inputs, heads_ * units))
        h = tf.transpose(tf.reshape(tf.matmul(x, flat), (-1, heads_, units)), (1, 0, 2))
        h += bias[:, None]
        for layer in range(2, len(self._weights), 2):
            h = self._dropped(self._activation(h), layer) if training else self._activation(h)
            h = tf.matmul(h, self._weights[layer]) + self._weights[layer + 1][:, None]
        return tf.sigmoid(h) if h.shape[-1] == 1 else tf.nn.softmax(h)

    def _pooled(self, x: Any) -> Any:
        pooling = self.settings[0].head_pooling
        if x.shape.rank == 4 and pooling == "average":
            return tf.reduce_mean(x, axis=(1, 2))
        if x.shape.rank == 4 and pooling == "max":
            return tf.reduce_max(x, axis=(1, 2))
        return tf.reshape(x, (-1, int(np.prod(x.shape[1:]))))

    def _dropped(self, h: Any, layer: int) -> Any:
        if not any(each.dropout for each in self.settings):
            return h
        seed = tf.stack([tf.constant(self.settings[0].seed + layer, tf.int64), self._step])
        share = self._dropouts[:, None, None]
        kept = tf.random.stateless_uniform(tf.shape(h), seed) >= share
        return h * tf.cast(kept, h.dtype) / (1 - share)

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

    def _update(self, gradients: Sequence[Any]) -> None:
        self._step.assign_add(1)
        rule = getattr(self, f"_{self.settings[0].optimizer}")
        for index, gradient in enumerate(gradients):
            shape = [len(self.settings)] + [1] * (gradient.shape.rank - 1)
            numbers = [
                tf.reshape(each, shape) for each in (self._rates, self._epsilons, self._momenta)
            ]
            first, second = self._moments[0][index], self._moments[1][index]
            self._weights[index].assign_sub(rule(gradient, first, second, *numbers))

    def _adam(self, g: Any, m: Any, v: Any, rate: Any, epsilon: Any, _: Any) -> Any:
        step = tf.cast(self._step, tf.float32)
        alpha = rate * tf.sqrt(1 - _BETA_2**step) / (1 - _BETA_1**step)
        m.assign_add((g - m) * (1 - _BETA_1))
        v.assign_add((tf.square(g) - v) * (1 - _BETA_2))
        return m * alpha / (tf.sqrt(v) + epsilon)

    def _rmsprop(self, g: Any, m: Any, v: Any, rate: Any, epsilon: Any, momentum: Any) -> Any:
        v.assign(_RHO * v + (1 - _RHO) * tf.square(g))
        m.assign(momentum * m + rate * g / tf.sqrt(v + epsilon))
        return m

    def _sgd(self, g: Any, m: Any, v: Any, rate: Any, epsilon: Any, momentum: Any) -> Any:
        m.assign(momentum * m + rate * g)
        return m

    def _numbers(self, name: str) -> Any:
        return tf.constant([getattr(each, name) for each in self.settings], tf.float32)


def _metric(name: str) -> Any:
    """A metric function of (truth, answers) with a value for each photo."""
    return getattr(keras.metrics, name)
