"""A fast training loop for heads: many batches per compiled call, with the data on the device."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from kernel.fit.class_weights import sample_weights


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of features in training order, with a target for each.

    `read(indices)` returns features as float32 [n, …]; `indices` are those of these rows, and
    `targets` [n, …] their targets. `row_bytes` is the size of one row of features.
    """

    read: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]
    indices: np.ndarray[Any, Any]
    targets: np.ndarray[Any, Any]
    row_bytes: int

    def chunks(self, batch_size: int, budget: int) -> Iterator[tuple[Any, Any]]:
        """Yield the rows in chunks: features [batches, batch, …] and targets [batches, batch, …].

        A chunk has at most `budget` bytes of features, but at least one batch. A smaller last
        batch is a chunk of its own.
        """
        whole_batches = len(self.indices) // batch_size
        batches_per_chunk = max(1, budget // (batch_size * self.row_bytes))
        for first in range(0, whole_batches, batches_per_chunk):
            batches = min(batches_per_chunk, whole_batches - first)
            yield self._chunk(first * batch_size, batches, batch_size)
        if rest := len(self.indices) % batch_size:
            yield self._chunk(whole_batches * batch_size, 1, rest)

    def _chunk(self, start: int, batches: int, size: int) -> tuple[Any, Any]:
        part = slice(start, start + batches * size)
        x, y = self.read(self.indices[part]), self.targets[part]
        return (
            tf.constant(x.reshape(batches, size, *x.shape[1:])),
            tf.constant(y.reshape(batches, size, *y.shape[1:])),
        )


class Feed:
    """The chunks of rows for every epoch.

    If all rows together fit into `budget` bytes, they are copied to the device once; otherwise
    they are read again in every epoch, so that memory use stays constant. A chunk takes a small
    part of the budget, because it exists twice while it is made.
    """

    def __init__(self, rows: Sequence[Rows], batch_size: int, budget: int) -> None:
        total_bytes = sum(each.row_bytes * len(each.indices) for each in rows)
        self._is_cached = total_bytes <= budget
        self._batch_size, self._chunk_bytes = batch_size, budget // 8
        self._cache: dict[Rows, list[tuple[Any, Any]]] = {}

    def chunks(self, rows: Rows) -> Iterable[tuple[Any, Any]]:
        """Return the chunks of one of the `rows` that were passed to the constructor."""
        if not self._is_cached:
            return rows.chunks(self._batch_size, self._chunk_bytes)
        if rows not in self._cache:
            self._cache[rows] = list(rows.chunks(self._batch_size, self._chunk_bytes))
        return self._cache[rows]

    def reordered(self, rows: Rows, order: np.ndarray[Any, Any]) -> Iterable[tuple[Any, Any]]:
        """Return the chunks of the rows in another order, which are read again."""
        moved = replace(rows, indices=rows.indices[order], targets=rows.targets[order])
        return moved.chunks(self._batch_size, self._chunk_bytes)


def weighted(
    train_step: Callable[[Any], Any], class_weights: np.ndarray[Any, Any] | None
) -> Callable[[tuple[Any, Any]], Any]:
    """Return Keras' `train_step` with the weight of each photo's class, if there are any."""
    if class_weights is None:
        return train_step
    return lambda batch: train_step((*batch, sample_weights(batch[1], class_weights)))


def compile_loop(step: Callable[[tuple[Any, Any]], Any], rows: Rows) -> Any:
    """Return a compiled function of a chunk's features and targets that runs `step` on each batch.

    The batch size is left open in the graph, as Keras' `fit` leaves it.
    """
    shape = rows.read(rows.indices[:1]).shape[1:]
    signature = [
        tf.TensorSpec([None, None, *shape], tf.float32),
        tf.TensorSpec([None, None, *rows.targets.shape[1:]], rows.targets.dtype),
    ]

    # Without autograph, which would take longer to convert Keras' code than the training takes.
    @tf.function(input_signature=signature, jit_compile=False, autograph=False)
    def steps(x: Any, y: Any) -> None:
        def one_batch(batch: Any) -> tuple[Any]:
            step((x[batch], y[batch]))
            return (batch + 1,)

        batches = tf.shape(x)[0]
        tf.while_loop(lambda batch: batch < batches, one_batch, (0,), parallel_iterations=1)

    return steps


class HeadTrainer:
    """A trainer of a compiled head on features: Keras' `fit` with a frozen order of batches.

    `train` has one item, or one for each augmented view of the photos; the epochs take them in
    turn. Features may take `budget` bytes of memory. `class_weights` weigh the training loss;
    `order` returns the permutation of an epoch's rows.
    """

    def __init__(
        self,
        model: Any,
        train: list[Rows],
        valid: Rows,
        batch_size: int,
        budget: int,
        *,
        class_weights: np.ndarray[Any, Any] | None = None,
        order: Callable[[int], np.ndarray[Any, Any]] | None = None,
    ) -> None:
        self.model = model
        self._order = order
        self._train, self._valid = train, valid
        self._feed = Feed([*train, valid], batch_size, budget)
        self._build_metrics()
        self._train_steps = compile_loop(weighted(model.train_step, class_weights), train[0])
        self._test_steps = compile_loop(model.test_step, valid)

    def train_epoch(self, epoch: int) -> dict[str, float]:
        """Train on all batches in their order; return the loss and the metrics."""
        rows = self._train[epoch % len(self._train)]
        if self._order is None:
            return self._pass(self._train_steps, self._feed.chunks(rows))
        return self._pass(self._train_steps, self._feed.reordered(rows, self._order(epoch)))

    def validate(self) -> dict[str, float]:
        """Return loss and metrics on the validation features."""
        return self._pass(self._test_steps, self._feed.chunks(self._valid))

    def _pass(self, steps: Any, chunks: Iterable[tuple[Any, Any]]) -> dict[str, float]:
        self.model.reset_metrics()
        for x, y in chunks:
            steps(x, y)
        return {name: float(value) for name, value in self.model.get_metrics_result().items()}

    def _build_metrics(self) -> None:
        """Build the metrics, which Keras does at their first use: too late in a compiled loop."""
        x = tf.constant(self._train[0].read(self._train[0].indices[:1]))
        y = tf.constant(self._train[0].targets[:1])
        prediction = self.model(x, training=False)
        self.model.compute_loss(x, y, prediction)
        self.model.compute_metrics(x, y, prediction)
        self.model.reset_metrics()
