"""The metric of a trial, as its log gives it."""

from __future__ import annotations

import pytest

from kitctl.domain.results.trial_log import TrialLog


def read(*lines: str) -> TrialLog:
    log = TrialLog("val_loss")
    for time, line in enumerate(lines):
        log.read(10.0 * time, line)
    return log


def test_a_line_for_each_epoch_gives_the_curve() -> None:
    log = read("epoch 1/4 loss 0.9 val_loss 0.8", "epoch 2/4 loss 0.5 val_loss 6e-1")
    assert log.curve == {1: 0.8, 2: 0.6}
    assert log.epochs == 4
    assert log.expected_seconds == 30.0


def test_a_metric_on_a_line_of_its_own_counts_when_its_epoch_is_over() -> None:
    log = read("Epoch 1/3", "val_loss: 0.9", "val_loss: 0.7", "Epoch 2/3", "val_loss: 0.4")
    assert log.curve == {1: 0.7}
    assert log.whole_curve == {1: 0.7, 2: 0.4}


@pytest.mark.parametrize("line", ["val_loss 0.25", "final val_loss=0.25", "val_loss: 2.5e-1"])
def test_a_job_without_epochs_prints_its_metric_once(line: str) -> None:
    log = read("my_val_loss 3.0", line, "done")
    assert (log.curve, log.single_value) == ({}, 0.25)


def test_a_metric_that_never_comes_is_none() -> None:
    log = read("epoch 1/2 loss 0.5", "val_loss nan", "loss 0.3")
    assert (log.curve, log.single_value) == ({}, None)


def test_the_first_epoch_tells_how_long_the_run_will_take() -> None:
    assert read("begins", "epoch 1/5 val_loss 0.5").expected_seconds == 50.0
    assert read("begins").expected_seconds is None
