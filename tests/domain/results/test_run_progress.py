"""How far a run is, by its log."""

from __future__ import annotations

import pytest

from kitctl.domain.results.run_progress import RunProgress


def read(*lines: tuple[float, str]) -> RunProgress:
    progress = RunProgress()
    for time, text in lines:
        progress.read(time, text)
    return progress


def test_the_shipped_jobs_lines_give_epochs_metric_pace_and_end() -> None:
    progress = read(
        (10.0, "epoch 1/4 loss 0.7 binary_accuracy 0.9 val_loss 0.6 val_binary_accuracy 0.6 10.0s"),
        (20.0, "epoch 2/4 loss 0.5 binary_accuracy 0.9 val_loss 0.5 val_binary_accuracy 0.9 10.0s"),
        (30.0, "epoch 3/4 loss 0.4 binary_accuracy 0.9 val_loss 0.6 val_binary_accuracy 0.8 10.0s"),
        (33.0, "phase train 30.0s"),
    )
    assert (progress.epoch, progress.epochs) == (3, 4)
    assert (progress.metric, progress.values) == ("val_binary_accuracy", [0.6, 0.9, 0.8])
    assert (progress.best, progress.epoch_seconds) == ((0.9, 2), 10.0)
    assert progress.seconds_left == pytest.approx(7.0)


def test_keras_own_lines_are_read_too() -> None:
    progress = read(
        (1.0, "Epoch 1/2"),
        (2.0, "32/32 - 1s - loss: 0.5 - accuracy: 0.75 - val_loss: 6.0e-01"),
        (3.0, "Epoch 2/2"),
    )
    assert (progress.metric, progress.values) == ("accuracy", [0.75])
    assert progress.epoch_seconds == 2.0


@pytest.mark.parametrize(
    "text", ["hello", "", "epoch", "epoch x/y", "loss 0.5", "epoch 1/2" + "9" * 5000, "9" * 10**6]
)
def test_a_line_that_names_no_epoch_is_no_progress(text: str) -> None:
    assert read((1.0, text)).epoch == 0


def test_a_log_that_names_ever_new_metrics_takes_no_more_memory() -> None:
    progress = RunProgress()
    for number in range(1000):
        progress.read(1.0, f"epoch 1/2 metric_{number} 1.0")
    assert len(progress.values) == 1


def test_a_number_that_no_float_holds_is_no_value() -> None:
    progress = read((1.0, "epoch 1/3 loss 1e999"), (2.0, "epoch 2/3 loss 0.5"))
    assert progress.values == [0.5]
