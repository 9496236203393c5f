"""Stacked heads are trained together, each as it would be alone by Keras."""

from typing import Any

import keras
import numpy as np
import pytest

from kernel.fit.head_loop import HeadTrainer, Rows
from kernel.fit.stacked_heads import StackedHeads
from kernel.model import heads
from kernel.settings.settings import Settings

RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.random((12, 6)).astype("float32")
CLASSES = RANDOM.integers(0, 2, 12)
TRAIN, VALID = np.arange(8), np.arange(8, 12)
EPOCHS = 3


def rows(indices: np.ndarray, label_mode: str) -> Rows:
    labels = {
        "binary": CLASSES.astype("float32")[:, None],
        "categorical": np.eye(2, dtype="float32")[CLASSES],
        "int": CLASSES.astype("int32"),
    }[label_mode]
    return Rows(FEATURES.__getitem__, indices, labels[indices], FEATURES[0].nbytes)


def each_settings(varied: list[dict[str, Any]], **common: Any) -> list[Settings]:
    shape = {"label_mode": "binary", "units": [3], "batch_size": 4, "pooling": "flatten"}
    return [Settings.from_mapping({**shape, **common, **each}) for each in varied]


def head_model(settings: Settings) -> Any:
    keras.utils.set_random_seed(settings.seed)
    return heads.model(heads.build(settings, classes=2, feature_rank=1), (6,))


def stack(settings: list[Settings]) -> StackedHeads:
    mode = settings[0].label_mode
    weights = [head_model(each).get_weights() for each in settings]
    return StackedHeads(settings, weights, [rows(TRAIN, mode)], rows(VALID, mode))


def present(stacked: StackedHeads, head: int) -> list[np.ndarray]:
    """Return the present weights of one head."""
    return stacked.weights_of(head, stacked.weights())


def train(stacked: StackedHeads) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Train for EPOCHS; return the last epoch's training and validation metrics."""
    for epoch in range(EPOCHS):
        metrics = stacked.train_epoch(epoch)
    return metrics, stacked.validate()


@pytest.mark.parametrize(
    ("varied", "common"),
    [
        (
            [{"epsilon": 1e-7, "learning_rate": 0.01}, {"epsilon": 0.1, "learning_rate": 0.1}],
            {"optimizer": "adam", "units": [3, 2]},
        ),
        ([{"epsilon": 1e-7}, {"epsilon": 0.1}], {"optimizer": "rmsprop", "momentum": 0.5}),
        ([{"learning_rate": 0.1}, {"learning_rate": 1.0}], {"optimizer": "sgd", "momentum": 0.9}),
        ([{"seed": 1}, {"seed": 2}], {"label_mode": "int", "units": []}),
        ([{"seed": 1}, {"seed": 2}], {"label_mode": "categorical"}),
    ],
    ids=["adam, two layers", "rmsprop", "sgd", "int labels", "categorical labels"],
)
def test_each_head_is_trained_as_it_is_alone(
    varied: list[dict[str, Any]], common: dict[str, Any]
) -> None:
    settings = each_settings(varied, **common)
    stacked = stack(settings)

    metrics, validation = train(stacked)

    for index, each in enumerate(settings):
        model = head_model(each)
        heads.compile_model(model, each, each.learning_rate)
        mode = each.label_mode
        alone = HeadTrainer(model, [rows(TRAIN, mode)], rows(VALID, mode), 4, 2**20)
        for epoch in range(EPOCHS):
            expected = alone.train_epoch(epoch)
        assert set(metrics) == set(expected)
        assert {name: values[index] for name, values in metrics.items()} == pytest.approx(
            expected, rel=1e-4
        )
        assert validation["loss"][index] == pytest.approx(alone.validate()["loss"], rel=1e-4)
        for ours, theirs in zip(
            stacked.weights_of(index, stacked.weights()), model.get_weights(), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)


def test_before_training_each_head_has_the_weights_that_it_was_given() -> None:
    settings = each_settings([{"learning_rate": 0.01}, {"learning_rate": 0.1, "seed": 7}])

    stacked = stack(settings)

    for index, each in enumerate(settings):
        for ours, theirs in zip(
            stacked.weights_of(index, stacked.weights()),
            head_model(each).get_weights(),
            strict=True,
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_dropout_changes_the_training_of_its_own_head_only() -> None:
    without = train(stack(each_settings([{"dropout": 0.0}, {"dropout": 0.0}])))
    one_with = train(stack(each_settings([{"dropout": 0.0}, {"dropout": 0.5}])))

    assert one_with[0]["loss"][0] == pytest.approx(without[0]["loss"][0], rel=1e-5)
    assert one_with[0]["loss"][1] != pytest.approx(without[0]["loss"][1], rel=1e-3)


def test_validation_uses_no_dropout_and_changes_nothing() -> None:
    stacked = stack(each_settings([{"dropout": 0.5}]))
    before = [variable.numpy() for variable in stacked.state]

    first, second = stacked.validate(), stacked.validate()

    assert first["loss"] == second["loss"]
    for old, variable in zip(before, stacked.state, strict=True):
        np.testing.assert_array_equal(old, variable.numpy())


def test_a_copied_state_continues_the_training_identically() -> None:
    settings = each_settings([{"learning_rate": 0.01}, {"dropout": 0.3}])
    trained, resumed = stack(settings), stack(settings)
    trained.train_epoch(0)
    for old, variable in zip(trained.state, resumed.state, strict=True):
        variable.assign(old)

    assert trained.train_epoch(1)["loss"].tolist() == resumed.train_epoch(1)["loss"].tolist()
    for index in range(2):
        for a, b in zip(
            trained.weights_of(index, trained.weights()),
            resumed.weights_of(index, resumed.weights()),
            strict=True,
        ):
            np.testing.assert_array_equal(a, b)


def test_only_the_heads_that_improved_get_their_present_weights() -> None:
    stacked = stack(each_settings([{"seed": 1}, {"seed": 2}]))
    before = stacked.updated([], np.array([True, False]))
    stacked.train_epoch(0)

    after = stacked.updated([each.copy() for each in before], np.array([True, False]))

    now = stacked.weights()
    for index, expected in enumerate((now, before)):
        for ours, theirs in zip(
            stacked.weights_of(index, after), stacked.weights_of(index, expected), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)
    assert any((a != b).any() for a, b in zip(now, before, strict=True))
