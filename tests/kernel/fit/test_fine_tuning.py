"""Fine-tuning on the outputs of the frozen part of a base equals that on photos."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.kernel_runs import Run, finish, kill_when, start

from kernel.features import store_size

FINE_TUNED: dict[str, Any] = {
    "base_weights": "random", "base_trainable": False, "pooling": "average", "units": [8],
    "epochs": 1, "fine_tune_epochs": 2, "fine_tune_learning_rate": 0.001, "keep": "last",
}  # fmt: skip


@pytest.mark.parametrize(("base", "layers"), [("vgg16", 2), ("mobilenetv2", 3), ("inceptionv1", 5)])
def test_the_frozen_part_runs_once_and_the_result_is_that_of_training_on_photos(
    run_job: Callable[..., Run],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    base: str,
    layers: int,
) -> None:
    # Adam would make a whole step of a gradient that differs in its last bit only.
    given = {"base": base, "fine_tune_layers": layers, "optimizer": "sgd"}
    settings = {**FINE_TUNED, **given, "fine_tune_learning_rate": 0.01}
    stored = run_job("stored", **settings)
    assert "runs once for each photo" in capsys.readouterr().out
    monkeypatch.setattr(store_size, "has_room", lambda settings, base, part, rows: False)
    photos = run_job("photos", **settings)
    assert "runs once for each photo" not in capsys.readouterr().out

    for name in ("loss", "val_loss"):
        assert stored.history[name] == pytest.approx(photos.history[name], rel=1e-3)
    for ours, theirs in zip(stored.weights, photos.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    predicted = [
        np.loadtxt(run.working / "predictions.csv", delimiter=",", skiprows=1, usecols=-1)
        for run in (stored, photos)
    ]
    np.testing.assert_allclose(*predicted, atol=1e-3)


@pytest.mark.parametrize(
    ("base", "layers"),
    [("convnet", 2), ("convnet", 1), ("efficientnetv2b0", 1)],
    ids=["nothing is frozen", "it drops units at random", "it drops blocks at random"],
)
def test_a_base_whose_outputs_cannot_be_stored_is_fine_tuned_on_photos(
    run_job: Callable[..., Run], capsys: pytest.CaptureFixture[str], base: str, layers: int
) -> None:
    settings = {**FINE_TUNED, "base": base, "filters": [8, 8], "fine_tune_layers": layers}
    settings["convnet_dropout"] = 0.3
    assert run_job(**settings).code == 0
    assert "runs once for each photo" not in capsys.readouterr().out


def test_a_killed_fine_tuning_goes_on_from_its_features(
    tmp_path: Path, two_classes: Path, run_job: Callable[..., Run]
) -> None:
    settings = {**FINE_TUNED, "base": "vgg16", "fine_tune_layers": 2, "fine_tune_epochs": 3}
    folder = tmp_path / "killed"
    kill_when(start(folder, two_classes, **settings), "epoch 3/4")
    killed, output = finish(start(folder, two_classes, **settings), folder)
    assert output.count("the base is not run") == 2
    whole = run_job("whole", **settings)
    assert killed.history["val_loss"] == whole.history["val_loss"]
    for ours, theirs in zip(killed.weights, whole.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_head_that_improves_no_more_is_fine_tuned_all_the_same(
    run_job: Callable[..., Run],
) -> None:
    settings = {**FINE_TUNED, "base": "convnet", "filters": [8, 8], "fine_tune_layers": 1}
    run = run_job(**settings | {"epochs": 9, "stop_on_plateau": 1, "learning_rate": 3.0})
    assert 2 < len(run.history["loss"]) < 11
    record = run.record
    assert "fine_tune" in record["seconds"]
    assert record["metrics"]["val_loss"] == pytest.approx(run.history["val_loss"][-1], rel=1e-6)
