"""A sweep: each of its heads is trained as it would be alone, and none is lost."""

import csv
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from support.kernel_runs import SIDE, Run, finish, kill_when, start

from kernel import session
from kernel.session import RunError

FROZEN = {"base": "convnet", "base_trainable": False}


def alone(run_job: Callable[..., Run], grid: dict[str, list[Any]], **settings: Any) -> list[Run]:
    """Do a run for each combination of the grid, in its order."""
    return [
        run_job(f"alone-{number}", **settings, **dict(zip(grid, values, strict=True)))
        for number, values in enumerate(itertools.product(*grid.values()))
    ]


def table(run: Run) -> list[dict[str, str]]:
    with (run.working / "heads.csv").open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def as_floats(photos: Any, labels: Any) -> Any:
    return tf.image.convert_image_dtype(photos, tf.float32), labels


@pytest.mark.parametrize(
    ("settings", "grid"),
    [
        ({"optimizer": "adam"}, {"epsilon": [1e-7, 0.1]}),
        ({"optimizer": "rmsprop", "momentum": 0.5}, {"epsilon": [1e-7, 0.1]}),
        ({"optimizer": "sgd", "momentum": 0.9}, {"learning_rate": [0.1, 0.01]}),
        ({"label_mode": "int", "pooling": "max"}, {"units": [[], [8, 4]]}),
    ],
    ids=["adam", "rmsprop", "sgd", "shapes"],
)
def test_each_head_is_trained_as_it_is_alone(
    run_job: Callable[..., Run], settings: dict[str, Any], grid: dict[str, list[Any]]
) -> None:
    swept = run_job(task="sweep", sweep=grid, **FROZEN, **settings)
    single_runs = [run.record["metrics"] for run in alone(run_job, grid, **FROZEN, **settings)]

    heads = {str(head["settings"]): head["metrics"] for head in swept.record["heads"]}
    assert len(heads) == len(single_runs)
    for values, theirs in zip(itertools.product(*grid.values()), single_runs, strict=True):
        ours = heads[str(dict(zip(grid, values, strict=True)))]
        for name in ("loss", "val_loss", "best_val_loss"):
            assert ours[name] == pytest.approx(theirs[name], rel=1e-3), (values, name)


def test_the_best_head_comes_first_and_becomes_the_model(
    run_job: Callable[..., Run], two_classes: Path
) -> None:
    swept = run_job(task="sweep", sweep={"learning_rate": [0.001, 0.1]}, **FROZEN)

    losses = [float(row["best_val_loss"]) for row in table(swept)]
    assert losses == sorted(losses)
    assert swept.record["metrics"]["best_val_loss"] == losses[0]
    model = keras.saving.load_model(swept.working / "model.keras", compile=False)
    valid = keras.utils.image_dataset_from_directory(
        two_classes / "valid",
        label_mode="binary",
        image_size=(SIDE, SIDE),
        interpolation="nearest",
        shuffle=False,
        verbose=False,
    )
    model.compile(loss="binary_crossentropy")
    loss = model.evaluate(valid.map(as_floats), verbose=0)
    assert loss == pytest.approx(swept.record["metrics"]["val_loss"], rel=1e-4)


def test_a_head_whose_loss_is_not_a_number_comes_last(run_job: Callable[..., Run]) -> None:
    grid = {"learning_rate": [100.0, 0.001]}
    swept = run_job(task="sweep", sweep=grid, activation="linear", optimizer="sgd", **FROZEN)

    assert [float(row["learning_rate"]) for row in table(swept)] == [0.001, 100.0]


def test_heads_with_different_seeds_start_with_different_weights(
    run_job: Callable[..., Run],
) -> None:
    swept = run_job(task="sweep", sweep={"seed": [1, 2]}, **FROZEN)

    first, second = (head["metrics"] for head in swept.record["heads"])
    assert first["loss"] != second["loss"]


def test_a_killed_sweep_ends_with_the_same_heads(tmp_path: Path, two_classes: Path) -> None:
    grid = {"units": [[4], [8]], "learning_rate": [0.01, 0.001], "dropout": [0.0, 0.3]}
    settings = {"task": "sweep", "sweep": grid, "epochs": 4, **FROZEN}

    kill_when(start(tmp_path / "killed", two_classes, **settings), "epoch 3/4 sweep-2")
    killed, _ = finish(start(tmp_path / "killed", two_classes, **settings), tmp_path / "killed")
    whole, _ = finish(start(tmp_path / "whole", two_classes, **settings), tmp_path / "whole")

    assert (killed.code, whole.code) == (0, 0)
    assert table(killed) == table(whole)
    for ours, theirs in zip(killed.weights, whole.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_sweep_that_runs_out_of_time_keeps_the_heads_it_has_trained(
    run_job: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "elapsed", lambda: 95.0)
    swept = run_job(task="sweep", sweep={"units": [[4], [8]]}, time_limit=100.0, **FROZEN)

    assert swept.record["stopped_because"] == "time_limit"
    assert [row["units"] for row in table(swept)] == ["[4]"]
    assert len(swept.history["loss"]) == 1


def test_a_sweep_refuses_an_optimizer_that_cannot_train_heads_together(
    run_job: Callable[..., Run],
) -> None:
    with pytest.raises(RunError, match="adam, rmsprop, sgd, not with nadam"):
        run_job(task="sweep", sweep={"optimizer": ["adam", "nadam"]}, **FROZEN)
