"""Comparing runs in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pytest

from kitctl.domain.results.comparison import ComparedRun, compare_runs, noise

OVERFITS = {"verdict": "overfits", "loss": 0.05, "val_loss": 0.6, "gap": 0.55, "chance": 0.693}
UNDERFITS = {"verdict": "underfits", "loss": 0.44, "val_loss": 0.46, "gap": 0.02, "chance": 0.693}


def run(
    name: str, val_loss: Sequence[float] = (), verdict: Mapping[str, object] | None = None
) -> ComparedRun:
    return ComparedRun(name, {"val_loss": val_loss} if val_loss else {}, {}, verdict or {})


def falling(end: float) -> list[float]:
    return [end + 0.3 * 0.7**epoch for epoch in range(20)]


def test_the_better_run_is_named_with_both_values_and_their_epochs() -> None:
    compared = compare_runs([run("v1", falling(0.5)), run("v2", falling(0.3))], "val_loss")
    assert compared.better == "v2"
    assert "v2 is better: it has the lowest val_loss, 0.3003 in epoch 20, against 0.5" in (
        compared.words
    )


def test_runs_that_differ_by_less_than_their_noise_are_called_equal() -> None:
    noisy = [0.4 + 0.05 * math.sin(2.4 * epoch) for epoch in range(20)]
    compared = compare_runs([run("v1", noisy), run("v2", [x - 0.02 for x in noisy])], "val_loss")
    assert compared.better is None
    assert "equal within noise" in compared.words


def test_the_runs_own_verdicts_and_the_closer_curves_are_told_apart() -> None:
    compared = compare_runs(
        [run("v1", falling(0.5), OVERFITS), run("v2", falling(0.4), UNDERFITS)], "val_loss"
    )
    losses = "over the last epochs training loss 0.050, validation loss 0.600"
    assert f"v1 overfits ({losses})." in compared.words
    assert "The curves of v2 stay closer together" in compared.words


def test_the_highest_accuracy_is_the_best_one() -> None:
    runs = [ComparedRun(name, {}, {"score": value}, {}) for name, value in (("a", 1), ("b", 2))]
    assert compare_runs(runs, "score").better == "b"


def test_runs_without_a_common_metric_are_still_described() -> None:
    compared = compare_runs([run("v1", verdict=OVERFITS), run("v2")], None)
    assert compared.words.endswith("They have no metric in common.")


@pytest.mark.parametrize("value", [10**400, float("nan"), True, "0.5", None, [1]])
def test_numbers_that_are_none_are_left_out_and_raise_nothing(value: object) -> None:
    odd = {"verdict": "fits", "loss": value, "val_loss": value, "gap": value, "chance": value}
    runs = [ComparedRun(name, {}, {"score": value}, odd) for name in "ab"]
    assert compare_runs(runs, "score").better is None


def test_a_single_spike_is_no_noise() -> None:
    assert noise([0.5 - 0.01 * epoch for epoch in range(10)] + [3.0, 0.39]) < 0.02
