"""The search by Optuna, which goes on in another process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
import pytest

from kitctl.adapters.optuna_search import OptunaSearch, open_search
from kitctl.domain.runs.search_space import Choice, Range, SearchSpace
from kitctl.domain.runs.trials import TrialState
from kitctl.errors import InvalidInput, Refused

LISTED: SearchSpace = {"lr": Choice({"1e-4": 1e-4, "1e-3": 1e-3}), "units": Range(1, 2, True)}
RANGES: SearchSpace = {"lr": Range(1e-5, 0.1, False, is_log=True), "drop": Range(0.0, 0.5, False)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sweeps" / "one.sqlite"


@contextmanager
def opened(
    file: Path, space: SearchSpace, sampler: str = "tpe", mode: str = "min"
) -> Iterator[OptunaSearch]:
    with open_search(file, space, mode=mode, sampler=sampler, pruner="median") as search:
        yield search


def test_a_grid_has_each_combination_once_over_several_processes(file: Path) -> None:
    chosen = []
    for _ in range(4):
        with opened(file, LISTED, "grid") as search:
            trial = search.begin()
            search.complete(trial.number, float(trial.number))
            chosen.append((trial.values["lr"], trial.values["units"]))
    assert sorted(chosen) == [("1e-3", 1), ("1e-3", 2), ("1e-4", 1), ("1e-4", 2)]


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_search_that_goes_on_does_not_repeat_its_values(file: Path, sampler: str) -> None:
    values = set()
    for _ in range(3):
        with opened(file, RANGES, sampler) as search:
            trial = search.begin()
            search.complete(trial.number, 1.0)
            values.add(trial.values["lr"])
    assert len(values) == 3


def test_a_trial_that_was_running_goes_on_with_its_values_and_its_curve(file: Path) -> None:
    with opened(file, RANGES) as search:
        begun = search.begin()
        search.report(begun.number, 1, 0.5)
    with opened(file, RANGES) as search:
        (trial,) = search.trials()
        assert (trial.values, trial.state) == (begun.values, TrialState.RUNNING)
        search.report(0, 1, 9.0)
        search.report(0, 2, 0.4)
        search.record_stop(0, 60.0)
        assert dict(search.trials()[0].curve) == {1: 0.5, 2: 0.4}
        assert search.trials()[0].is_stopped
        search.prune(0, 12.0)
        assert search.trials()[0].given_back_seconds == 12.0
        assert search.best() is None


def test_a_trial_whose_process_was_killed_between_two_values_gets_the_others(file: Path) -> None:
    with opened(file, LISTED, "grid"):
        pass
    storage = optuna.storages.RDBStorage(f"sqlite:///{file}")
    killed = optuna.load_study(
        study_name="sweep", storage=storage, sampler=optuna.samplers.RandomSampler(seed=0)
    ).ask()
    first = killed.suggest_categorical("lr", ["1e-4", "1e-3"])
    storage.engine.dispose()
    with opened(file, LISTED, "grid") as search:
        (trial,) = search.trials()
        assert set(trial.values) == {"lr", "units"}
        assert trial.values["lr"] == first


@pytest.mark.parametrize(("mode", "best"), [("min", 1), ("max", 0)])
def test_the_best_trial_is_that_of_optuna(file: Path, mode: str, best: int) -> None:
    with opened(file, RANGES, "random", mode) as search:
        for value in (3.0, 1.0, 2.0):
            search.complete(search.begin().number, value)
        search.fail(search.begin().number, "a reason")
        found = search.best()
        assert found is not None and found.number == best
        assert search.trials()[3].reason == "a reason"


def test_a_trial_that_is_clearly_behind_is_said_to_be(file: Path) -> None:
    with opened(file, RANGES, "random") as search:
        for _ in range(4):
            number = search.begin().number
            for epoch in (1, 2, 3):
                search.report(number, epoch, 1 / epoch)
            search.complete(number, 1 / 3)
        good, bad = search.begin().number, search.begin().number
        search.report(bad, 1, 9.0)
        assert not search.is_behind(bad), "the first epoch tells nothing yet"
        search.report(bad, 2, 9.0)
        search.report(good, 2, 0.1)
        assert search.is_behind(bad)
        assert not search.is_behind(good)


def test_a_search_is_open_once_at_a_time(file: Path) -> None:
    with opened(file, RANGES), pytest.raises(Refused, match="Another kitctl"), opened(file, RANGES):
        pass


def test_a_file_that_is_no_search_is_named(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("no database at all, " * 100)
    with pytest.raises(InvalidInput, match=r"one\.sqlite cannot be used"), opened(file, RANGES):
        pass
