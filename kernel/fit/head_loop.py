"""A fast training loop for heads: many batches per compiled call, with the data on the device."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

Chunk = tuple[Any, ...]
"""Features [batches, batch, …], targets [batches, batch, …] and, if rows have them, weights."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of features in training order, with a target for each.

    `read(indices)` returns features as float32 [n, …]; `indices` are those of these rows, and
    `targets` [n, …] their targets. `row_bytes` is the size of one row of features. `weights` [n]
    are those in the loss, None if all rows count the same.
    """

    read: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]
    indices: np.ndarray[Any, Any]
    targets: np.ndarray[Any, Any]
    row_bytes: int
    weights: np.ndarray[Any, Any] | None = None

    def in_order(self, order: np.ndarray[Any, Any]) -> "Rows":
        """Return the same rows in another order."""
        weights = None if self.weights is None else self.weights[order]
        indices, targets = self.indices[order], self.targets[order]
        return replace(self, indices=indices, targets=targets, weights=weights)

    def chunks(self, batch_size: int, budget: int) -> Iterator[Chunk]:
        """Yield the rows in chunks.

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

    def _chunk(self, start: int, batches: int, size: int) -> Chunk:
        part = slice(start, start + batches * size)
        arrays = [self.read(self.indices[part]), self.targets[part]]
        if self.weights is not None:
            arrays.append(self.weights[part])
        return tuple(tf.constant(each.reshape(batches, size, *each.shape[1:])) for each in arrays)


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
        self._cache: dict[Rows, list[Chunk]] = {}

    def chunks(self, rows: Rows) -> Iterable[Chunk]:
        """Return the chunks of one of the `rows` that were passed to the constructor."""
        if not self._is_cached:
            return rows.chunks(self._batch_size, self._chunk_bytes)
        if rows not in self._cache:
            self._cache[rows] = list(rows.chunks(self._batch_size, self._chunk_bytes))
        return self._cache[rows]

    def reordered(self, rows: Rows, order: np.ndarray[Any, Any]) -> Iterable[Chunk]:
        """Return the chunks of the rows in another order, which are read again."""
        return rows.in_order(order).chunks(self._batch_size, self._chunk_bytes)


def compile_loop(step: Callable[[Chunk], Any], rows: Rows) -> Any:
    """Return a compiled function of a chunk's arrays that runs `step` on each batch of them.

    The batch size is left open in the graph, as Keras' `fit` leaves it.
    """
    shape = rows.read(rows.indices[:1]).shape[1:]
    signature = [
        tf.TensorSpec([None, None, *shape], tf.float32),
        tf.TensorSpec([None, None, *rows.targets.shape[1:]], rows.targets.dtype),
    ]
    if rows.weights is not None:
        signature.append(tf.TensorSpec([None, None], tf.float32))

    # Without autograph, which would take longer to convert Keras' code than the training takes.
    @tf.function(input_signature=signature, jit_compile=False, autograph=False)
    def steps(*chunk: Any) -> None:
        def one_batch(batch: Any) -> tuple[Any]:
            step(tuple(each[batch] for each in chunk))
            return (batch + 1,)

        batches = tf.shape(chunk[0])[0]
        tf.while_loop(lambda batch: batch < batches, one_batch, (0,), parallel_iterations=1)

    return steps


class HeadTrainer:
    """A trainer of a compiled head on features: Keras' `fit` with a frozen order of batches.

    `train` has one item, or one for each augmented view of the photos; the epochs take them in
    turn. Features may take `budget` bytes of memory. `order` returns the permutation of an epoch's
    rows.
    """

    def __init__(
        self,
        model: Any,
        train: list[Rows],
        valid: Rows,
        batch_size: int,
        budget: int,
        *,
        order: Callable[[int], np.ndarray[Any, Any]] | None = None,
    ) -> None:
        self.model = model
        self._order = order
        self._train, self._valid = train, valid
        self._feed = Feed([*train, valid], batch_size, budget)
        self._build_metrics()
        self._train_steps = compile_loop(model.train_step, train[0])
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

    def _pass(self, steps: Any, chunks: Iterable[Chunk]) -> dict[str, float]:
        self.model.reset_metrics()
        for chunk in chunks:
            steps(*chunk)
        return {name: float(value) for name, value in self.model.get_metrics_result().items()}

    def _build_metrics(self) -> None:
        """Build the metrics, which Keras does at their first use: too late in a compiled loop."""
        x = tf.constant(self._train[0].read(self._train[0].indices[:1]))
        y = tf.constant(self._train[0].targets[:1])
        prediction = self.model(x, training=False)
        self.model.compute_loss(x, y, prediction)
        self.model.compute_metrics(x, y, prediction)
        self.model.reset_metrics()
