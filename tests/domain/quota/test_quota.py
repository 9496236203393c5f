"""The quota: every second is counted once, and the parts add up to Kaggle's figure."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.runs import HOUR, occupancy, run

from kitctl.domain.quota.quota import (
    Balance,
    PoolReading,
    QuotaReading,
    RunUse,
    closed_balance,
    current_balance,
    estimate,
    use_in_week,
    uses_by_week,
)
from kitctl.domain.runs.run import Facts, Run, Status
from kitctl.domain.runs.weeks import last_weeks, seconds_of, week_of

SATURDAY = seconds_of(datetime(2026, 11, 21))
WEEK = week_of(SATURDAY)
NOW = SATURDAY + 100 * HOUR


def uses(*runs: Run, now: float = NOW) -> list[RunUse]:
    return [use for run in runs if (use := use_in_week(occupancy(run), WEEK, now))]


def reading(
    used: float, reserved: float = 0, allowed: float = 30, *, at: float = NOW, pool: str = "gpu"
) -> QuotaReading:
    """What Kaggle would say, in hours."""
    return QuotaReading(
        at, WEEK.end, (PoolReading(pool, used * HOUR, reserved * HOUR, allowed * HOUR),)
    )


def balance_of(quota_reading: QuotaReading, *runs: Run) -> Balance:
    return current_balance(quota_reading, quota_reading.pools[0], uses(*runs))


def hours(after: float, length: float, **fields: object) -> Run:
    """A run that began so many hours after the reset and occupied its GPU so long."""
    start = SATURDAY + after * HOUR
    return run(start, start + length * HOUR, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("what", "quota_reading", "runs", "kernels", "outside", "left"),
    [
        ("nothing at all", reading(0), [], 0, 0, 30),
        ("one run", reading(2), [hours(1, 2)], 2, 0, 28),
        ("an interactive session beside it", reading(5), [hours(1, 2)], 2, 3, 25),
        ("a run across the reset counts its share", reading(1), [hours(-2, 3)], 1, 0, 29),
        ("last week's run counts nothing", reading(0), [hours(-5, 4)], 0, 0, 30),
        ("a run up to the very reset counts nothing", reading(0), [hours(-4, 4)], 0, 0, 30),
        (
            "a failed run has used its time",
            reading(1),
            [hours(1, 1, status=Status.ERROR)],
            1,
            0,
            29,
        ),
        (
            "so has a cancelled one",
            reading(1),
            [hours(1, 1, status=Status.CANCEL_ACKNOWLEDGED)],
            1,
            0,
            29,
        ),
        ("a rerun wipes no run", reading(4), [hours(1, 2), hours(4, 2)], 4, 0, 26),
        (
            "a run that goes on is reserved, not used",
            reading(2, reserved=1),
            [hours(1, 2), run(NOW - HOUR, None, status=Status.RUNNING)],
            2,
            0,
            27,
        ),
        (
            "a run that waits holds nothing",
            reading(0),
            [run(None, None, status=Status.QUEUED)],
            0,
            0,
            30,
        ),
        (
            "a run that was never pulled counts by its log",
            reading(2),
            [hours(1, 2, time_source="log")],
            2,
            0,
            28,
        ),
        ("a limit above 30 hours", reading(31, allowed=38.5), [hours(1, 31)], 31, 0, 7.5),
        ("Kaggle counted less than the ledger", reading(1.5), [hours(1, 2)], 1.5, 0, 28.5),
        ("another pool's run", reading(0), [hours(1, 2, pool="tpu")], 0, 0, 30),
        ("a run on the CPU", reading(0), [hours(1, 2, pool="cpu")], 0, 0, 30),
        ("overdrawn", reading(31), [], 0, 31, 0),
        ("reserved beyond the limit", reading(20, reserved=12), [], 0, 20, 0),
    ],
)
def test_each_second_of_the_week_is_counted_in_one_part(
    what: str,
    quota_reading: QuotaReading,
    runs: list[Run],
    kernels: float,
    outside: float,
    left: float,
) -> None:
    result = balance_of(quota_reading, *runs)
    assert sum(use.seconds for use in result.kernels) == kernels * HOUR, what
    assert result.outside_seconds == outside * HOUR
    assert result.left_seconds == left * HOUR
    assert result.used_seconds == quota_reading.pools[0].used_seconds


def test_seconds_over_the_limit_are_reported() -> None:
    assert balance_of(reading(31.5)).over_seconds == 1.5 * HOUR
    assert balance_of(reading(20, reserved=12)).over_seconds == 2 * HOUR
    assert balance_of(reading(29)).over_seconds == 0


def test_the_kernels_are_listed_with_the_largest_first() -> None:
    result = balance_of(
        reading(7),
        hours(1, 1, kernel="ada/small"),
        hours(3, 2, kernel="ada/large", facts=Facts(saved_seconds=600)),
        hours(6, 3, kernel="ada/large", facts=Facts(saved_seconds=60)),
    )
    assert [(use.kernel, use.seconds / HOUR, use.runs) for use in result.kernels] == [
        ("ada/large", 5, 2),
        ("ada/small", 1, 1),
    ]
    assert [use.saved_seconds for use in result.kernels] == [660, 0]


seconds = st.floats(0, 60 * HOUR)
some_runs = st.lists(
    st.builds(
        hours,
        st.floats(-20, 100),
        st.floats(0, 12),
        kernel=st.sampled_from(["ada/a", "ada/b", "bob/c"]),
        pool=st.sampled_from(["gpu", "tpu", "cpu"]),
        time_source=st.sampled_from(["watched", "output", "log", "bounds"]),
    )
    | st.builds(run, st.floats(NOW - 30 * HOUR, NOW), st.none(), status=st.just(Status.RUNNING)),
    max_size=6,
)


@given(runs=some_runs, used=seconds, reserved=seconds, allowed=seconds)
def test_the_parts_always_add_up_to_kaggles_figure(
    runs: list[Run], used: float, reserved: float, allowed: float
) -> None:
    quota_reading = QuotaReading(NOW, WEEK.end, (PoolReading("gpu", used, reserved, allowed),))
    result = balance_of(quota_reading, *runs)
    assert result.outside_seconds is not None
    assert result.outside_seconds >= 0
    parts = sum(use.seconds for use in result.kernels) + result.outside_seconds
    assert parts == pytest.approx(used, abs=2e-3)
    assert parts == pytest.approx(result.used_seconds, abs=1e-6)
    whole = (
        result.used_seconds + result.reserved_seconds + result.left_seconds - result.over_seconds
    )
    assert whole == pytest.approx(allowed, abs=5e-3)
    assert result.left_seconds >= 0
    assert not (result.left_seconds and result.over_seconds)


@given(runs=some_runs, used=seconds, read_after=st.floats(0, 168))
def test_the_parts_of_a_past_week_add_up_too(
    runs: list[Run], used: float, read_after: float
) -> None:
    quota_reading = QuotaReading(
        SATURDAY + read_after * HOUR, WEEK.end, (PoolReading("gpu", used, 0, 30 * HOUR),)
    )
    result = closed_balance(WEEK, "gpu", uses(*runs, now=WEEK.end + HOUR), quota_reading, 0)
    assert result.outside_seconds is not None
    parts = sum(use.seconds for use in result.kernels) + result.outside_seconds
    assert parts == pytest.approx(result.used_seconds, abs=1e-6)


@given(runs=some_runs)
def test_no_second_of_a_run_is_counted_twice_or_lost_over_the_weeks(runs: list[Run]) -> None:
    weeks = [WEEK.earlier(), WEEK, WEEK.earlier(-1)]
    booked = uses_by_week([occupancy(run) for run in runs], weeks, NOW)
    counted = sum(use.seconds for week in booked for use in week)
    lasted = sum(
        min(run.ended_at or NOW, (run.started_at or 0) + 12 * HOUR) - (run.started_at or 0)
        for run in runs
    )
    assert counted == pytest.approx(lasted, abs=0.1)


def test_the_seconds_saved_by_a_run_across_the_reset_count_once() -> None:
    across = run(WEEK.end - HOUR, WEEK.end + HOUR, facts=Facts(saved_seconds=600))
    weeks = uses_by_week([occupancy(across)], [WEEK, WEEK.earlier(-1)], NOW)
    assert [use.saved_seconds for week in weeks for use in week] == [0, 600]


@given(runs=some_runs, weeks=st.integers(1, 6))
def test_the_uses_of_many_weeks_are_those_of_each_week(runs: list[Run], weeks: int) -> None:
    shown = last_weeks(WEEK, weeks)
    at_once = uses_by_week([occupancy(run) for run in runs], shown, NOW)
    each = [
        [use for run in runs if (use := use_in_week(occupancy(run), week, NOW))] for week in shown
    ]
    assert at_once == each


def test_runs_after_the_last_reading_of_a_past_week_are_added_to_it() -> None:
    last = reading(5, at=SATURDAY + 50 * HOUR)
    before, after = hours(10, 3), hours(60, 4)
    result = closed_balance(WEEK, "gpu", uses(before, after), last, 0)
    assert (result.used_seconds, result.outside_seconds) == (9 * HOUR, 2 * HOUR)


def test_a_past_week_without_a_reading_is_the_sum_of_the_ledgers_runs() -> None:
    across = run(WEEK.end - HOUR, WEEK.end + 2 * HOUR)
    result = closed_balance(WEEK, "gpu", uses(hours(1, 2), across), None, 30 * HOUR)
    assert (result.used_seconds, result.outside_seconds) == (3 * HOUR, None)
    assert result.allowed_seconds == 30 * HOUR


def test_an_estimate_is_the_sum_of_the_ledgers_runs() -> None:
    ended, running = hours(1, 2), run(NOW - HOUR, None, status=Status.RUNNING)
    estimated = estimate(WEEK, NOW, uses(ended, running), {"gpu": 36 * HOUR})
    assert estimated.estimated
    assert estimated.pools == (PoolReading("gpu", 2 * HOUR, HOUR, 36 * HOUR),)
    result = current_balance(estimated, estimated.pools[0], uses(ended, running))
    assert result.outside_seconds is None
    assert result.left_seconds == 33 * HOUR


def test_a_run_that_no_poll_saw_end_counts_up_to_its_session_limit() -> None:
    lost = run(SATURDAY + HOUR, None, status=Status.RUNNING, limit_seconds=9 * HOUR)
    assert [use.seconds for use in uses(lost)] == [9 * HOUR]


def test_a_wrong_clock_of_the_user_does_not_change_the_balance() -> None:
    """Times are Kaggle's: the reading's own date decides what week it is."""
    early = QuotaReading(WEEK.end - 1, None, ())
    late = QuotaReading(WEEK.end + 1, None, ())
    assert early.week == WEEK
    assert late.week == week_of(WEEK.end)
