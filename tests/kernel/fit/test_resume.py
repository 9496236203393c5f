"""A run that was killed and started again ends like one that was not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.kernel_runs import (
    Run,
    finish,
    kill_when,
    start,
    write_split,
    write_undecodable_photo,
)

from kernel.session import RunError

# Stages, random layers and optimizer moments: all that a resumed run must restore.
HEAD_AND_FINE_TUNING = {
    "base": "convnet", "base_trainable": False, "filters": [8, 8], "dropout": 0.3,
    "epochs": 2, "fine_tune_epochs": 3, "fine_tune_learning_rate": 0.001,
}  # fmt: skip
WHOLE_MODEL = {
    "base": "convnet", "filters": [8, 8], "epochs": 3, "dropout": 0.3,
    "augment_flip": "horizontal", "augment_rotation": 0.1,
}  # fmt: skip


VIEWS_AND_FINE_TUNING = {
    "base": "vgg16", "base_weights": "random", "augment_flip": "horizontal", "augment_views": 2,
    "epochs": 2, "fine_tune_epochs": 3, "fine_tune_learning_rate": 0.001,
}  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "epoch"),
    [(HEAD_AND_FINE_TUNING, 4), (HEAD_AND_FINE_TUNING, 2), (VIEWS_AND_FINE_TUNING, 2)],
    ids=["in the fine-tuning", "in the head's training", "with views"],
)
def test_a_killed_run_ends_with_the_same_weights_and_a_complete_history(
    settings: dict[str, Any],
    epoch: int,
    tmp_path: Path,
    two_classes: Path,
    run_job: Callable[..., Run],
) -> None:
    folder = tmp_path / "killed"
    kill_when(start(folder, two_classes, **settings), f"epoch {epoch}/5")
    killed, output = finish(start(folder, two_classes, **settings), folder)

    assert "the base is not run" in output
    assert "resumed" in output
    assert killed.record["resumed_from_epoch"] is not None
    assert not (folder / ".resume").exists()
    expect_equal_results(killed, run_job("whole", **settings))


def test_a_run_in_two_sessions_ends_like_one_in_one(
    run_job: Callable[..., Run],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = run_job("first", **WHOLE_MODEL, time_limit=0.1)
    assert (first.working / "UNFINISHED.txt").read_text("utf-8") == "train, epoch 1\n"

    monkeypatch.setenv("KITCTL_RESUME", str(first.working))
    second = run_job("second", **WHOLE_MODEL)
    monkeypatch.delenv("KITCTL_RESUME")

    assert "resumed train after epoch 1" in capsys.readouterr().out
    assert not (second.working / "UNFINISHED.txt").exists()
    expect_equal_results(second, run_job("whole", **WHOLE_MODEL))


def test_a_session_goes_on_although_the_one_before_left_out_a_photo_that_cannot_be_decoded(
    tmp_path: Path,
    run_job: Callable[..., Run],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = write_split(tmp_path / "photos", ("Car", "Truck"), 22, 9)
    write_undecodable_photo(folder / "train" / "Car" / "000.png")
    settings = {**WHOLE_MODEL, "data": str(folder)}
    first = run_job("first", **settings, time_limit=0.1)

    monkeypatch.setenv("KITCTL_RESUME", str(first.working))
    second = run_job("second", **settings)

    output = capsys.readouterr().out
    assert "cannot be decoded after all" in output
    assert "resumed train after epoch" in output
    assert second.code == 0


def test_a_sweep_of_seeds_leaves_out_a_photo_that_cannot_be_decoded(
    tmp_path: Path, run_job: Callable[..., Run]
) -> None:
    folder = write_split(tmp_path / "photos", ("Car", "Truck"), 22, 9)
    write_undecodable_photo(folder / "train" / "Car" / "000.png")
    settings = {"data": str(folder), "base_trainable": False, "filters": [8], "epochs": 1}

    assert run_job(task="sweep", sweep={"seed": [31415, 2]}, **settings).code == 0


def test_a_session_uses_the_features_of_the_one_before_and_refuses_to_train_something_else(
    run_job: Callable[..., Run],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = {"base_trainable": False, "filters": [8], "keep_features": False}
    first = run_job("first", **settings, time_limit=1.0)
    monkeypatch.setenv("KITCTL_RESUME", str(first.working))
    run_job("second", **settings)

    output = capsys.readouterr().out
    assert "the base is not run" in output
    assert "resumed head after epoch 1" in output
    with pytest.raises(RunError, match="trained with other settings"):
        run_job("other", **settings, learning_rate=0.1)


def expect_equal_results(run: Run, whole: Run) -> None:
    """Expect the weights and the history of a run that was not interrupted."""
    assert (run.code, whole.code) == (0, 0)
    for ours, theirs in zip(run.weights, whole.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert without_seconds(run.history) == without_seconds(whole.history)


def without_seconds(history: dict[str, list[float]]) -> dict[str, list[float]]:
    return {name: values for name, values in history.items() if name != "seconds"}
