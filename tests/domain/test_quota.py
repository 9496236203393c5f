"""The quota's books: every second has one place, and the places add up to Kaggle's figure."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.runs import HOUR, occupancy, run

from kitctl.domain.quota import (
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
from kitctl.domain.runs import Facts, Run, Status
from kitctl.domain.weeks import last_weeks, seconds_of, week_of

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


def books(said: QuotaReading, *runs: Run) -> Balance:
    return current_balance(said, said.pools[0], uses(*runs))


def hours(after: float, length: float, **told: object) -> Run:
    """A run that began so many hours after the reset and held its GPU so long."""
    start = SATURDAY + after * HOUR
    return run(start, start + length * HOUR, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("what", "said", "runs", "kernels", "outside", "left"),
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
        ("Kaggle counted less than the ledger", reading(1.5), [hours(1, 2)], 2, -0.5, 28.5),
        ("another pool's run", reading(0), [hours(1, 2, pool="tpu")], 0, 0, 30),
        ("a run on the CPU", reading(0), [hours(1, 2, pool="cpu")], 0, 0, 30),
        ("overdrawn", reading(31), [], 0, 31, 0),
        ("reserved beyond the limit", reading(20, reserved=12), [], 0, 20, 0),
    ],
)
def test_the_week_is_booked(
    what: str, said: QuotaReading, runs: list[Run], kernels: float, outside: float, left: float
) -> None:
    made = books(said, *runs)
    assert sum(use.seconds for use in made.kernels) == kernels * HOUR, what
    assert made.outside_seconds == outside * HOUR
    assert made.left_seconds == left * HOUR
    assert made.used_seconds == said.pools[0].used_seconds


def test_what_is_overdrawn_is_said() -> None:
    assert books(reading(31.5)).over_seconds == 1.5 * HOUR
    assert books(reading(20, reserved=12)).over_seconds == 2 * HOUR
    assert books(reading(29)).over_seconds == 0


def test_kernels_are_told_apart_and_the_largest_comes_first() -> None:
    made = books(
        reading(7),
        hours(1, 1, kernel="ada/small"),
        hours(3, 2, kernel="ada/large", facts=Facts(saved_seconds=600)),
        hours(6, 3, kernel="ada/large", facts=Facts(saved_seconds=60)),
    )
    assert [(use.kernel, use.seconds / HOUR, use.runs) for use in made.kernels] == [
        ("ada/large", 5, 2),
        ("ada/small", 1, 1),
    ]
    assert [use.saved_seconds for use in made.kernels] == [660, 0]


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
    said = QuotaReading(NOW, WEEK.end, (PoolReading("gpu", used, reserved, allowed),))
    made = books(said, *runs)
    assert made.outside_seconds is not None
    parts = sum(use.seconds for use in made.kernels) + made.outside_seconds
    assert parts == pytest.approx(used, abs=2e-3)
    assert parts == pytest.approx(made.used_seconds, abs=1e-6)
    whole = made.used_seconds + made.reserved_seconds + made.left_seconds - made.over_seconds
    assert whole == pytest.approx(allowed, abs=5e-3)
    assert made.left_seconds >= 0
    assert not (made.left_seconds and made.over_seconds)


@given(runs=some_runs, used=seconds, read_after=st.floats(0, 168))
def test_the_parts_of_a_week_that_is_over_add_up_too(
    runs: list[Run], used: float, read_after: float
) -> None:
    said = QuotaReading(
        SATURDAY + read_after * HOUR, WEEK.end, (PoolReading("gpu", used, 0, 30 * HOUR),)
    )
    made = closed_balance(WEEK, "gpu", uses(*runs, now=WEEK.end + HOUR), said, 0)
    assert made.outside_seconds is not None
    parts = sum(use.seconds for use in made.kernels) + made.outside_seconds
    assert parts == pytest.approx(made.used_seconds, abs=1e-6)


@given(runs=some_runs)
def test_no_second_of_a_run_counts_twice_or_is_lost_over_the_weeks(runs: list[Run]) -> None:
    weeks = [WEEK.earlier(), WEEK, WEEK.earlier(-1)]
    booked = uses_by_week([occupancy(run) for run in runs], weeks, NOW)
    counted = sum(use.seconds for week in booked for use in week)
    lasted = sum(
        min(run.ended_at or NOW, (run.started_at or 0) + 12 * HOUR) - (run.started_at or 0)
        for run in runs
    )
    assert counted == pytest.approx(lasted, abs=0.1)


def test_what_a_run_across_the_reset_gave_back_counts_once() -> None:
    across = run(WEEK.end - HOUR, WEEK.end + HOUR, facts=Facts(saved_seconds=600))
    weeks = uses_by_week([occupancy(across)], [WEEK, WEEK.earlier(-1)], NOW)
    assert [use.saved_seconds for week in weeks for use in week] == [0, 600]


@given(runs=some_runs, weeks=st.integers(1, 6))
def test_booking_many_weeks_at_once_is_booking_each(runs: list[Run], weeks: int) -> None:
    shown = last_weeks(WEEK, weeks)
    at_once = uses_by_week([occupancy(run) for run in runs], shown, NOW)
    each = [
        [use for run in runs if (use := use_in_week(occupancy(run), week, NOW))] for week in shown
    ]
    assert at_once == each


def test_what_ran_after_the_weeks_last_reading_comes_on_top_of_it() -> None:
    last = reading(5, at=SATURDAY + 50 * HOUR)
    before, after = hours(10, 3), hours(60, 4)
    made = closed_balance(WEEK, "gpu", uses(before, after), last, 0)
    assert (made.used_seconds, made.outside_seconds) == (9 * HOUR, 2 * HOUR)


def test_a_week_that_was_never_read_is_the_ledgers_sum() -> None:
    across = run(WEEK.end - HOUR, WEEK.end + 2 * HOUR)
    made = closed_balance(WEEK, "gpu", uses(hours(1, 2), across), None, 30 * HOUR)
    assert (made.used_seconds, made.outside_seconds) == (3 * HOUR, None)
    assert made.allowed_seconds == 30 * HOUR


def test_without_a_reading_the_ledgers_own_sum_stands_in() -> None:
    ran, runs = hours(1, 2), run(NOW - HOUR, None, status=Status.RUNNING)
    guess = estimate(WEEK, NOW, uses(ran, runs), {"gpu": 36 * HOUR})
    assert guess.estimated
    assert guess.pools == (PoolReading("gpu", 2 * HOUR, HOUR, 36 * HOUR),)
    made = current_balance(guess, guess.pools[0], uses(ran, runs))
    assert made.outside_seconds is None
    assert made.left_seconds == 33 * HOUR


def test_a_machine_lost_sight_of_counts_no_longer_than_its_session_may_last() -> None:
    lost = run(SATURDAY + HOUR, None, status=Status.RUNNING, limit_seconds=9 * HOUR)
    assert [use.seconds for use in uses(lost)] == [9 * HOUR]


def test_a_user_whose_clock_is_wrong_sees_the_same_books() -> None:
    """Times are Kaggle's: the reading's own date decides what week it is."""
    early = QuotaReading(WEEK.end - 1, None, ())
    late = QuotaReading(WEEK.end + 1, None, ())
    assert early.week == WEEK
    assert late.week == week_of(WEEK.end)
