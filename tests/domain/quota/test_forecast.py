"""How long a run will take, from what this kernel's runs took before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.runs import HOUR, forecast, intent, run

from kitctl.domain.quota.forecast import PAST, TIMEOUT, accuracy, epochs_that_fit, forecast_run
from kitctl.domain.runs.run import Facts, Forecast, Run, Status


def past(
    once: float = 100, epoch: float = 10, epochs: int = 30, *, photos: float = 0, **intent: object
) -> Run:
    """A run that spent so many seconds once, on its 1,000 photos a class, and in each epoch."""
    facts = Facts(epochs_done=epochs, epoch_seconds=epoch, photo_seconds=photos)
    fields: dict[str, Any] = {"epochs": epochs, "settings": {"photos_per_class": 1000}, **intent}
    return run(0, once + photos + epoch * epochs, facts=facts, **fields)


def seconds(result: Forecast) -> tuple[float | None, float | None, float | None]:
    return result.low_seconds, result.seconds, result.high_seconds


def test_a_job_without_past_runs_is_expected_to_take_its_whole_session() -> None:
    result = forecast_run(intent(limit_seconds=9 * HOUR), [])
    assert (seconds(result), result.basis) == ((0, 9 * HOUR, 9 * HOUR), TIMEOUT)


def test_an_unchanged_job_is_expected_to_take_as_long_as_before() -> None:
    result = forecast_run(intent(epochs=30), [past(), past(), past()])
    assert (result.seconds, result.basis) == (400, PAST)


@pytest.mark.parametrize(
    ("what", "intended", "expected"),
    [
        ("twice the epochs cost twice the epochs' time, not the rest's", {"epochs": 60}, 750),
        ("no epochs in the settings: as many as last time", {}, 450),
        (
            "half the photos halve reading and epochs",
            {"epochs": 30, "settings": {"photos_per_class": 500}},
            275,
        ),
        ("more of both", {"epochs": 60, "settings": {"photos_per_class": 2000}}, 1400),
    ],
)
def test_changed_epochs_and_photos_scale_the_seconds_that_grow_with_them(
    what: str, intended: dict[str, Any], expected: float
) -> None:
    assert forecast_run(intent(**intended), [past(photos=50)]).seconds == expected, what


def test_a_run_without_facts_still_counts_by_its_length() -> None:
    assert forecast_run(intent(), [run(0, 500)]).seconds == 500
    assert forecast_run(intent(epochs=20), [run(0, 500, epochs=10)]).seconds == 1000


def test_one_unusual_run_hardly_changes_forecast_and_spread() -> None:
    usual = [past(once=100 + odd) for odd in (0, 4, -4, 2, -2, 1)]
    calm, upset = forecast_run(intent(), usual), forecast_run(intent(), [*usual, past(once=40000)])
    assert calm.seconds and upset.seconds and calm.high_seconds and upset.high_seconds
    assert upset.seconds == pytest.approx(calm.seconds, rel=0.01)
    assert upset.high_seconds == pytest.approx(calm.high_seconds, rel=0.05)


def test_the_spread_grows_with_the_differences_between_runs() -> None:
    assert seconds(forecast_run(intent(), [past()])) == (300, 400, 500)
    assert seconds(forecast_run(intent(), [past(), past(), past()])) == (380, 400, 420)
    low, middle, high = seconds(forecast_run(intent(), [past(once=at) for at in (0, 100, 200)]))
    assert middle == 400
    assert low is not None and high is not None
    assert high - middle == middle - low > 250


def test_only_complete_runs_count_as_past_runs() -> None:
    failed = [past(status=Status.ERROR), past(status=Status.CANCEL_ACKNOWLEDGED)]
    running = run(0, None, status=Status.RUNNING)
    assert forecast_run(intent(), [*failed, running]).basis == TIMEOUT


def test_runs_of_the_same_workload_count_before_others() -> None:
    heavy = [past(once=5000, settings={"base": "vgg16"}) for _ in range(5)]
    light = past(settings={"base": "convnet", "epochs": 30, "seed": 1})
    intended = intent(epochs=30, settings={"base": "convnet", "epochs": 60, "seed": 2})
    assert forecast_run(intended, [*heavy, light]).seconds == 400
    assert forecast_run(intent(settings={"base": "other"}), [*heavy, light]).seconds == 5300


def test_runs_on_the_same_machine_count_before_others() -> None:
    runs = [past(once=5000, accelerator="NvidiaL4"), past()]
    assert forecast_run(intent(), runs).seconds == 400


def test_a_forecast_is_at_most_the_session_limit() -> None:
    result = forecast_run(intent(limit_seconds=300), [past()])
    assert seconds(result) == (300, 300, 300)


@given(st.lists(st.floats(1, 40000), min_size=1, max_size=25), st.integers(0, 300))
def test_low_expected_and_high_seconds_are_in_order_and_within_the_session(
    lengths: list[float], epochs: int
) -> None:
    result = forecast_run(intent(epochs=epochs), [past(once=length) for length in lengths])
    assert result.low_seconds is not None and result.seconds is not None
    assert result.high_seconds is not None
    assert 0 <= result.low_seconds <= result.seconds <= result.high_seconds <= 12 * HOUR


def test_the_epochs_that_fit_leave_room_for_the_seconds_that_are_spent_once() -> None:
    assert epochs_that_fit(intent(), [past()], 200) == 10
    assert epochs_that_fit(intent(), [past()], 50) == 0
    assert epochs_that_fit(intent(settings={"photos_per_class": 2000}), [past()], 200) == 5
    assert epochs_that_fit(intent(), [], 200) is None
    assert epochs_that_fit(intent(), [run(0, 100)], 200) is None


def test_past_forecasts_are_rated_by_how_long_the_runs_took() -> None:
    judged = [
        past(forecast=forecast(400, spread=10)),
        past(forecast=forecast(500, spread=10)),
        past(forecast=forecast(320, spread=100)),
    ]
    timeouts = past(forecast=Forecast(seconds=12 * HOUR, basis=TIMEOUT))
    failed = past(forecast=forecast(4), status=Status.ERROR)
    stopped = past(forecast=forecast(4))
    stopped = replace(stopped, facts=replace(stopped.facts, saved_seconds=9))
    result = accuracy([*judged, timeouts, failed, stopped])
    assert result is not None
    assert (result.runs, result.within_spread) == (3, 2)
    assert result.median_error == pytest.approx(0.2)
    assert accuracy([timeouts]) is None
