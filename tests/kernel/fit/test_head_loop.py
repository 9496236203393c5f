"""The head's own training loop equals Keras' `fit`, whether features stay in memory or not."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kernel.fit.head_loop import Feed, HeadTrainer, Rows
from kernel.fit.photo_weights import sample_weights

RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.random((11, 5)).astype("float32")
LABELS = RANDOM.integers(0, 2, (11, 1)).astype("float32")
BATCH_SIZE = 4


def rows(indices: Any, reads: list[int] | None = None) -> Rows:
    """Return rows of FEATURES; the number of rows of each read is appended to `reads`."""

    def read(wanted: np.ndarray) -> np.ndarray:
        if reads is not None:
            reads.append(len(wanted))
        return FEATURES[wanted]

    indices = np.asarray(indices)
    return Rows(read, indices, LABELS[indices], row_bytes=FEATURES[0].nbytes)


def compiled_head() -> Any:
    keras.utils.set_random_seed(1)
    head = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1, activation="sigmoid")])
    head.compile("adam", "binary_crossentropy", metrics=["binary_accuracy"], jit_compile=False)
    head.optimizer.build(head.trainable_variables)
    return head


@pytest.mark.parametrize("budget", [2**20, 1], ids=["in memory", "read in every epoch"])
def test_a_head_is_trained_as_by_keras_fit(budget: int) -> None:
    order = [7, 0, 3, 9, 1, 4, 8, 2]
    ours, keras_own = compiled_head(), compiled_head()

    trainer = HeadTrainer(ours, [rows(order)], rows([5, 6, 10]), BATCH_SIZE, budget)
    history = [trainer.train_epoch(epoch) | {"val": trainer.validate()} for epoch in range(3)]
    expected = keras_own.fit(
        FEATURES[order], LABELS[order], BATCH_SIZE, epochs=3, shuffle=False, verbose=0,
        validation_data=(FEATURES[[5, 6, 10]], LABELS[[5, 6, 10]]),
    ).history  # fmt: skip

    assert [epoch["loss"] for epoch in history] == pytest.approx(expected["loss"])
    assert [epoch["val"]["loss"] for epoch in history] == pytest.approx(expected["val_loss"])
    for a, b in zip(ours.get_weights(), keras_own.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_rows_are_weighted_as_by_keras_fit() -> None:
    order = [7, 0, 3, 9, 1, 4, 8, 2]
    ours, keras_own = compiled_head(), compiled_head()

    weights = RANDOM.random(len(order)).astype("float32")
    weighted = replace(rows(order), weights=weights)
    trainer = HeadTrainer(ours, [weighted], rows([5]), BATCH_SIZE, 2**20)
    loss = [trainer.train_epoch(epoch)["loss"] for epoch in range(3)]
    expected = keras_own.fit(
        FEATURES[order], LABELS[order], BATCH_SIZE, epochs=3, shuffle=False, verbose=0,
        sample_weight=weights,
    ).history  # fmt: skip

    assert loss == pytest.approx(expected["loss"])
    for a, b in zip(ours.get_weights(), keras_own.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


@pytest.mark.parametrize(
    "targets", [[[0.0], [1.0]], [[1.0, 0.0], [0.0, 1.0]], [0, 1]], ids=["binary", "one-hot", "int"]
)
def test_a_photo_has_the_weight_of_its_class_in_every_label_mode(targets: Any) -> None:
    weights = sample_weights(tf.constant(targets), np.array([3.0, 0.5]))

    assert weights.numpy().tolist() == [3.0, 0.5]


def test_every_epoch_can_have_an_order_of_its_own() -> None:
    chosen, orders = [7, 0, 3], [[2, 0, 1], [0, 2, 1]]
    ours, expected = compiled_head(), compiled_head()
    trainer = HeadTrainer(
        ours, [rows(chosen)], rows([5]), 1, 2**20, order=lambda epoch: np.array(orders[epoch])
    )

    for epoch, order in enumerate(orders):
        trainer.train_epoch(epoch)
        taken = np.array(chosen)[order]
        expected.fit(FEATURES[taken], LABELS[taken], 1, shuffle=False, verbose=0)

    for a, b in zip(ours.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_epochs_take_the_views_in_turn() -> None:
    reads: tuple[list[int], list[int]] = [], []
    views = [rows([0, 1, 2], reads[0]), rows([3, 4, 5, 6, 7], reads[1])]
    trainer = HeadTrainer(compiled_head(), views, rows([8]), BATCH_SIZE, budget=1)
    for each in reads:
        each.clear()

    trainer.train_epoch(0)
    assert (sum(reads[0]), sum(reads[1])) == (3, 0)
    trainer.train_epoch(1)
    assert (sum(reads[0]), sum(reads[1])) == (3, 5)
    trainer.train_epoch(2)
    assert (sum(reads[0]), sum(reads[1])) == (6, 5)


def test_chunks_have_whole_batches_within_the_budget_and_a_smaller_last_one() -> None:
    two_batches = 2 * BATCH_SIZE * FEATURES[0].nbytes

    chunks = list(rows(np.arange(11)).chunks(BATCH_SIZE, two_batches))

    assert [x.shape for x, _ in chunks] == [(2, 4, 5), (1, 3, 5)]
    assert [y.shape for _, y in chunks] == [(2, 4, 1), (1, 3, 1)]
    features = np.concatenate([x.numpy().reshape(-1, 5) for x, _ in chunks])
    np.testing.assert_array_equal(features, FEATURES)


def test_a_chunk_has_one_batch_even_if_that_exceeds_the_budget() -> None:
    chunks = list(rows(np.arange(8)).chunks(BATCH_SIZE, budget=1))

    assert [x.shape for x, _ in chunks] == [(1, 4, 5), (1, 4, 5)]


@pytest.mark.parametrize(("budget", "rows_read"), [(2**20, 8), (1, 16)])
def test_a_feed_reads_rows_once_only_if_all_fit_into_the_budget(
    budget: int, rows_read: int
) -> None:
    reads: list[int] = []
    both = rows(np.arange(8), reads)
    feed = Feed([both], BATCH_SIZE, budget)

    for _ in range(2):
        list(feed.chunks(both))

    assert sum(reads) == rows_read
