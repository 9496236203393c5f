"""What a log tells of a run whose outputs nobody pulled."""

from __future__ import annotations

from kitctl.domain.results.run_log import facts_of_log
from kitctl.domain.runs.run import Facts


def test_a_log_of_the_job_gives_its_session_length_epochs_and_phases() -> None:
    lines = [
        (1.2, "stdout", "session 4711\n"),
        (1.3, "stdout", "accelerator gpu: 2 x Tesla T4\n"),
        (20.0, "stdout", "phase photos 12.5s\n"),
        (50.0, "stdout", "phase features 30.5s\n"),
        (52.0, "stdout", "epoch 1/3 loss 0.5 binary_accuracy 0.7 val_loss 0.5 2.0s\n"),
        (54.5, "stdout", "epoch 2/3 loss 0.4 binary_accuracy 0.8 val_loss 0.4 1.0s\n"),
        (57.0, "stdout", "epoch 3/3 loss 0.3 binary_accuracy 0.9 val_loss 0.4 1.5s\n"),
        (61.0, "stdout", "phase export 2.0s\n"),
    ]
    assert facts_of_log(lines) == Facts(
        session_id=4711,
        log_seconds=61.0,
        epochs_done=3,
        epoch_seconds=1.5,
        photo_seconds=43.0,
        error_line="",
    )


def test_an_epoch_that_is_repeated_after_a_resume_counts_once() -> None:
    lines = [
        (5, "stdout", "epoch 1/2 loss 1 3.0s"),
        (9, "stdout", "epoch 1/2 loss 1 2.0s"),
        (12, "stdout", "epoch 2/2 loss 1 2.0s"),
    ]
    assert facts_of_log(lines).epochs_done == 2


def test_the_log_of_another_program_gives_the_length_of_the_run() -> None:
    lines = [
        (0.5, "stdout", "hello\n"),
        (99.5, "stdout", "Epoch 1/3 ━━━━\n"),
        (70.0, "stdout", "late line\n"),
    ]
    assert facts_of_log(lines) == Facts(log_seconds=99.5, error_line="")


def test_an_empty_log_is_a_run_of_no_seconds() -> None:
    assert facts_of_log([]) == Facts(log_seconds=0.0, error_line="")
