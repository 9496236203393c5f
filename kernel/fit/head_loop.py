"""The head's own training loop: whole epochs in one compiled call, with the data on the device."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf


@dataclass(frozen=True, eq=False)
class Rows:
    """Features by position, `read(positions)` → float32 [n, …], with `targets` [n, …] for them."""

    read: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]
    positions: np.ndarray[Any, Any]
    targets: np.ndarray[Any, Any]
    row_bytes: int

    def chunks(self, batch_size: int, budget: int) -> Iterator[tuple[Any, Any]]:
        """Batches by the chunk: features [batches, batch, …] and targets alike.

        A chunk has at most `budget` bytes of features, but always one batch. The batch that is
        left over at the end is a chunk of its own.
        """
        whole = len(self.positions) // batch_size
        most = max(1, budget // (batch_size * self.row_bytes))
        for first in range(0, whole, most):
            batches = min(most, whole - first)
            yield self._chunk(first * batch_size, batches, batch_size)
        if len(self.positions) % batch_size:
            yield self._chunk(whole * batch_size, 1, len(self.positions) - whole * batch_size)

    def _chunk(self, start: int, batches: int, size: int) -> tuple[Any, Any]:
        part = slice(start, start + batches * size)
        x, y = self.read(self.positions[part]), self.targets[part]
        return (
            tf.constant(x.reshape(batches, size, *x.shape[1:])),
            tf.constant(y.reshape(batches, size, *y.shape[1:])),
        )


class Feed:
    """Chunks of rows for epoch after epoch.

    Rows that fit into `budget` bytes together are put on the device once; otherwise they are read
    again in every epoch, so that memory stays flat. A chunk is small beside the budget, as it is
    held twice while it is made.
    """

    def __init__(self, rows: Sequence[Rows], batch_size: int, budget: int) -> None:
        held = sum(each.row_bytes * len(each.positions) for each in rows)
        self._keeps = held <= budget
        self._batch_size, self._chunk_bytes = batch_size, budget // 8
        self._kept: dict[Rows, list[tuple[Any, Any]]] = {}

    def chunks(self, rows: Rows) -> Iterable[tuple[Any, Any]]:
        """The chunks of one of the rows that this feed was made for."""
        if not self._keeps:
            return rows.chunks(self._batch_size, self._chunk_bytes)
        if rows not in self._kept:
            self._kept[rows] = list(rows.chunks(self._batch_size, self._chunk_bytes))
        return self._kept[rows]


def over_batches(step: Callable[[tuple[Any, Any]], Any], rows: Rows) -> Any:
    """`step` on all batches of a chunk in one graph; sizes are left open, as `fit` leaves them."""
    shape = rows.read(rows.positions[:1]).shape[1:]
    signature = [
        tf.TensorSpec([None, None, *shape], tf.float32),
        tf.TensorSpec([None, None, *rows.targets.shape[1:]], rows.targets.dtype),
    ]

    # Without autograph, which would take longer to read Keras than the head takes to learn.
    @tf.function(input_signature=signature, jit_compile=False, autograph=False)
    def steps(x: Any, y: Any) -> None:
        def one_batch(batch: Any) -> tuple[Any]:
            step((x[batch], y[batch]))
            return (batch + 1,)

        batches = tf.shape(x)[0]
        tf.while_loop(lambda batch: batch < batches, one_batch, (0,), parallel_iterations=1)

    return steps


class HeadFit:
    """Trains a compiled head on features, as `fit` would with batches in a frozen order.

    `train[epoch % len(train)]` is trained on in each epoch: one item, or one for each view.
    """

    def __init__(self, model: Any, train: list[Rows], valid: Rows, batch_size: int, budget: int):
        self.model = model
        self._train, self._valid = train, valid
        self._feed = Feed([*train, valid], batch_size, budget)
        self._build_metrics()
        self._train_steps = over_batches(model.train_step, train[0])
        self._test_steps = over_batches(model.test_step, valid)

    def train_epoch(self, epoch: int) -> dict[str, float]:
        """One pass over the training features, batch by batch in their order."""
        return self._pass(self._train_steps, self._train[epoch % len(self._train)])

    def validate(self) -> dict[str, float]:
        """Loss and metrics on the validation features."""
        return self._pass(self._test_steps, self._valid)

    def _pass(self, steps: Any, rows: Rows) -> dict[str, float]:
        self.model.reset_metrics()
        for x, y in self._feed.chunks(rows):
            steps(x, y)
        return {name: float(value) for name, value in self.model.get_metrics_result().items()}

    def _build_metrics(self) -> None:
        """Keras makes metrics when they are first used, which a compiled loop cannot."""
        x = tf.constant(self._train[0].read(self._train[0].positions[:1]))
        y = tf.constant(self._train[0].targets[:1])
        answer = self.model(x, training=False)
        self.model.compute_loss(x, y, answer)
        self.model.compute_metrics(x, y, answer)
        self.model.reset_metrics()
