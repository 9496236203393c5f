"""A sweep: each of its heads is trained as it would be alone, and none is lost."""

import csv
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.kernel_runs import Run, finish, kill_when, start, validation_loss

from kernel import session
from kernel.session import RunError

FROZEN: dict[str, Any] = {"base": "convnet", "base_trainable": False, "filters": [8, 8]}


def alone(run_job: Callable[..., Run], grid: dict[str, list[Any]], **settings: Any) -> list[Run]:
    """Do a run for each combination of the grid, in its order."""
    return [
        run_job(f"alone-{number}", **settings, **dict(zip(grid, values, strict=True)))
        for number, values in enumerate(itertools.product(*grid.values()))
    ]


def table(run: Run) -> list[dict[str, str]]:
    with (run.working / "heads.csv").open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


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


def test_a_head_with_dropout_starts_with_the_weights_of_a_run_of_its_own(
    run_job: Callable[..., Run],
) -> None:
    # Steps so small that the weights stay those of the start.
    grid, settings = {"dropout": [0.0, 0.3]}, {"learning_rate": 1e-9, **FROZEN}
    swept = run_job(task="sweep", sweep=grid, **settings)
    losses = [run.record["metrics"]["val_loss"] for run in alone(run_job, grid, **settings)]

    heads = {head["settings"]["dropout"]: head["metrics"] for head in swept.record["heads"]}
    assert [heads[rate]["val_loss"] for rate in (0.0, 0.3)] == pytest.approx(losses, rel=1e-5)
    assert losses[0] != pytest.approx(losses[1], rel=1e-3)


def test_a_head_whose_loss_is_not_a_number_comes_last(run_job: Callable[..., Run]) -> None:
    # By row: each learning rate has its own momentum.
    rows = {"learning_rate": [100.0, 0.001], "momentum": [0.5, 0.0]}
    settings = {"sweep_by": "row", "activation": "linear", "optimizer": "sgd"}
    swept = run_job(task="sweep", sweep=rows, **settings, **FROZEN)

    heads = [(float(row["learning_rate"]), float(row["momentum"])) for row in table(swept)]
    assert heads == [(0.001, 0.0), (100.0, 0.5)]


@pytest.mark.parametrize(
    "settings",
    [{}, {"photos_per_class": 12, "dropout": 0.3}, {"augment_zoom": 0.3, "augment_views": 2}],
    ids=["order and weights", "photos and dropout", "views"],
)
def test_a_swept_seed_gives_bit_for_bit_what_a_run_with_that_seed_gives(
    run_job: Callable[..., Run], settings: dict[str, Any]
) -> None:
    grid = {"seed": [1, 31415]}
    swept = run_job(task="sweep", sweep=grid, **FROZEN, **settings)
    runs = dict(zip(grid["seed"], alone(run_job, grid, **FROZEN, **settings), strict=True))

    for head in swept.record["heads"]:
        theirs = runs[head["settings"]["seed"]].record["metrics"]
        assert head["metrics"].items() <= theirs.items()
    best = runs[swept.record["heads"][0]["settings"]["seed"]]
    for ours, theirs in zip(swept.weights, best.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("keep", ["best", "last"])
@pytest.mark.parametrize("grid", [{"learning_rate": [0.03, 0.3]}, {"units": [[4], [8]]}])
def test_heads_are_ranked_by_the_weights_that_are_saved(
    run_job: Callable[..., Run], keep: str, grid: dict[str, list[Any]]
) -> None:
    swept = run_job(task="sweep", sweep=grid, keep=keep, epochs=8, learning_rate=0.1, **FROZEN)

    name = "best_val_loss" if keep == "best" else "val_loss"
    losses = [float(row[name]) for row in table(swept)]
    assert losses == sorted(losses)
    assert validation_loss(swept) == pytest.approx(losses[0], rel=1e-4)


def test_a_killed_sweep_ends_with_the_same_heads(
    tmp_path: Path, two_classes: Path, run_job: Callable[..., Run]
) -> None:
    grid = {"units": [[4], [8]], "learning_rate": [0.01, 0.001], "dropout": [0.0, 0.3]}
    settings = {"task": "sweep", "sweep": grid, "epochs": 4, **FROZEN}

    kill_when(start(tmp_path / "killed", two_classes, **settings), "epoch 3/4 sweep-2")
    killed, _ = finish(start(tmp_path / "killed", two_classes, **settings), tmp_path / "killed")
    whole = run_job("whole", **settings)

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
        run_job(task="sweep", sweep={"epsilon": [0.1, 0.2]}, optimizer="nadam", **FROZEN)
