"""The model that is saved has the weights of the best epoch, or of the last, as `keep` says."""

from collections.abc import Callable
from typing import Any

import pytest
from support.kernel_runs import Run, validation_loss

FROZEN: dict[str, Any] = {"base_trainable": False, "learning_rate": 0.3}


@pytest.mark.parametrize("settings", [FROZEN, {"learning_rate": 0.1}], ids=["head", "whole model"])
def test_the_saved_model_is_that_of_the_best_epoch(
    run_job: Callable[..., Run], settings: dict[str, Any]
) -> None:
    run = run_job(epochs=20, **settings)

    metrics, losses = run.record["metrics"], run.history["val_loss"]
    assert (metrics["keep"], metrics["model_epoch"]) == ("best", losses.index(min(losses)) + 1)
    assert metrics["model_epoch"] < 20, "the last epoch must not be the best, or nothing is tested"
    assert metrics["val_loss"] == losses[-1]
    assert validation_loss(run) == pytest.approx(min(losses), rel=1e-4)


def test_the_saved_model_is_that_of_the_last_epoch_where_it_is_chosen(
    run_job: Callable[..., Run],
) -> None:
    run = run_job(epochs=8, keep="last", **FROZEN)

    assert run.record["metrics"]["model_epoch"] == 8
    assert validation_loss(run) == pytest.approx(run.history["val_loss"][-1], rel=1e-4)


def test_a_fine_tuning_that_only_harms_leaves_the_best_epoch_of_the_head(
    run_job: Callable[..., Run],
) -> None:
    run = run_job(epochs=3, fine_tune_epochs=2, fine_tune_learning_rate=10.0, **FROZEN)

    losses = run.history["val_loss"]
    assert run.record["metrics"]["model_epoch"] == losses.index(min(losses)) + 1 <= 3
    assert validation_loss(run) == pytest.approx(min(losses), rel=1e-4)


def test_a_stop_on_a_plateau_leaves_the_best_epoch(run_job: Callable[..., Run]) -> None:
    run = run_job(epochs=30, stop_on_plateau=2, **FROZEN)

    losses = run.history["val_loss"]
    assert run.record["stopped_because"] == "plateau"
    assert run.record["metrics"]["model_epoch"] == len(losses) - 2
    assert validation_loss(run) == pytest.approx(min(losses), rel=1e-4)
