"""Trials of a sweep: their names, and how long the next one may take."""

from __future__ import annotations

import pytest
from support.runs import intent, run

from kitctl.domain.runs.search_space import Choice
from kitctl.domain.runs.trials import (
    TRIAL_VARIABLE,
    SessionTrials,
    SweepLimits,
    sweep_id,
    trials_in_a_session,
    trials_of,
)

SWEEP = "0123456789abcdef"


@pytest.mark.parametrize("numbers", [(12,), (3, 4, 5)])
def test_a_push_names_the_trials_that_it_is_for(numbers: tuple[int, ...]) -> None:
    trials = SessionTrials(SWEEP, numbers)
    assert trials_of(intent(environment={TRIAL_VARIABLE: trials.variable})) == trials


@pytest.mark.parametrize("value", ["", "12", SWEEP, f"{SWEEP} -1", f"{SWEEP} 1  2", "xyz 1"])
def test_another_value_names_no_trial(value: str) -> None:
    assert trials_of(intent(environment={TRIAL_VARIABLE: value})) is None


def test_a_sweep_is_known_by_its_job_values_and_metric() -> None:
    space = {"lr": Choice({"1e-4": 1e-4, "1e-3": 1e-3})}
    name = sweep_id("sha", space, "val_loss", "min")
    assert name == sweep_id("sha", dict(space), "val_loss", "min")
    others = [
        sweep_id("other", space, "val_loss", "min"),
        sweep_id("sha", {"lr": Choice({"1e-4": 1e-4})}, "val_loss", "min"),
        sweep_id("sha", space, "loss", "min"),
        sweep_id("sha", space, "val_loss", "max"),
    ]
    assert name not in others and len(set(others)) == 4


def limits(seconds: float | None, *, session: int = 43_200, at_once: int = 2) -> SweepLimits:
    return SweepLimits(session_seconds=session, at_once=at_once, seconds=seconds)


def test_the_first_trials_share_the_hours() -> None:
    assert limits(3600).seconds_of_next(0, 0, 0, None) == 1800
    assert limits(3600).seconds_of_next(0, 1800, 1, None) == 1800
    assert limits(None).seconds_of_next(0, 43_200, 1, None) == 43_200
    assert limits(360_000).seconds_of_next(0, 0, 0, None) == 43_200


def test_a_trial_that_does_not_fit_into_its_share_gets_all_that_is_left() -> None:
    assert limits(3600).seconds_of_next(0, 0, 0, 2000) == 3600


def test_a_trial_that_does_not_fit_at_all_is_not_begun() -> None:
    assert limits(3600).seconds_of_next(3000, 0, 0, 590) is None
    assert limits(3600).seconds_of_next(3000, 0, 0, 500) == 600
    assert limits(3600).seconds_of_next(600, 2400, 1, 700) is None
    assert limits(3600).seconds_of_next(3598, 0, 0, None) is None


@pytest.mark.parametrize("each", [30.0, 200.0, 700.0])
def test_the_limits_of_all_trials_never_exceed_the_hours(each: float) -> None:
    spent, promised = 0.0, []
    while True:
        given = limits(3600).seconds_of_next(spent, sum(promised), len(promised), each)
        if given is not None and len(promised) < 2:
            promised.append(given)
        elif promised:
            spent += min(each, promised.pop(0))
        else:
            break
        assert spent + sum(promised) <= 3600
    assert 3600 - spent < 2 * each


def test_a_session_gets_as_many_trials_as_its_hours_hold() -> None:
    assert limits(3600).next_session(0, 0, 0, 300, 4) == (4, 1800)
    assert limits(3600).next_session(3000, 0, 0, 200, 4) == (2, 600)
    assert limits(3600).next_session(3000, 0, 0, 600, 4) is None
    assert limits(None, session=600).next_session(0, 0, 0, 250, 4) == (2, 600)
    # One trial gets a session, however long it may take.
    assert limits(None, session=600).next_session(0, 0, 0, 900, 4) == (1, 600)


@pytest.mark.parametrize(
    ("waited", "took", "count"), [(5, 1, 1), (60, 90, 1), (60, 20, 3), (60, 1, 10)]
)
def test_short_trials_share_a_session_where_it_is_waited_for_longer(
    waited: float, took: float, count: int
) -> None:
    done = run(100 + waited, 100 + waited + took, pushed_at=100.0)
    assert trials_in_a_session([]) == 1
    assert trials_in_a_session([done]) == count
