"""The quota week: where it begins, what of a run lies in it, whatever the calendars say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kitctl.domain.runs.weeks import (
    HOUR_SECONDS,
    WEEK_SECONDS,
    Week,
    last_weeks,
    moment_of,
    seconds_of,
    week_of,
)


def at(text: str) -> float:
    """Seconds of an ISO 8601 time; UTC unless it says otherwise."""
    return seconds_of(datetime.fromisoformat(text))


# Any time that Kaggle could name.
INSTANTS = st.floats(at("2020-01-01"), at("2040-01-01"))


@pytest.mark.parametrize(
    ("what", "instant", "start"),
    [
        ("the reset itself belongs to the new week", "2026-11-21T00:00:00", "2026-11-21"),
        ("the last instant before it to the old one", "2026-11-20T23:59:59.999", "2026-11-14"),
        ("a Friday", "2026-11-27T12:00:00", "2026-11-21"),
        ("a Sunday", "2026-11-22T00:00:00", "2026-11-21"),
        ("the leap day of 2028 lies in a week of seven days", "2028-02-29T12:00:00", "2028-02-26"),
        ("the day after the leap day", "2028-03-01T00:00:00", "2028-02-26"),
        ("the Saturday after the leap day", "2028-03-04T00:00:00", "2028-03-04"),
        ("the turn of the year", "2027-01-01T05:00:00", "2026-12-26"),
        ("Europe's clocks going back", "2026-10-25T01:30:00", "2026-10-24"),
        ("America's clocks going forward", "2027-03-14T07:30:00", "2027-03-13"),
    ],
)
def test_a_week_begins_on_saturday_midnight_utc(what: str, instant: str, start: str) -> None:
    week = week_of(at(instant))
    assert moment_of(week.start) == moment_of(at(start)), what
    assert moment_of(week.end) - moment_of(week.start) == timedelta(days=7)


@pytest.mark.parametrize(
    ("what", "now", "resets_at", "end"),
    [
        ("as Kaggle says it", "2026-11-25T10:00", "2026-11-28T00:00", "2026-11-28T00:00"),
        ("another weekday", "2026-11-25T10:00", "2026-11-26T08:30", "2026-11-26T08:30"),
        ("a reset that has passed", "2026-11-28T00:00:01", "2026-11-28T00:00", "2026-12-05T00:00"),
        ("exactly at the reset", "2026-11-28T00:00", "2026-11-28T00:00", "2026-12-05T00:00"),
        ("a reading of some weeks ago", "2026-11-25T10:00", "2026-11-05T08:30", "2026-11-26T08:30"),
        ("a reset more than a week away", "2026-11-25", "2026-12-12", "2026-11-28"),
        ("a fraction of a second", "2026-11-25", "2026-11-27T23:59:59.9", "2026-11-28"),
    ],
)
def test_a_week_ends_at_the_reset_that_kaggle_names(
    what: str, now: str, resets_at: str, end: str
) -> None:
    assert moment_of(week_of(at(now), at(resets_at)).end) == moment_of(at(end)), what


@pytest.fixture
def machine_in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("machine_in_tokyo")
def test_a_time_without_a_zone_is_utc_in_any_time_zone() -> None:
    assert seconds_of(datetime(2026, 11, 28)) == 1795824000
    assert moment_of(1795824000).isoformat() == "2026-11-28T00:00:00+00:00"


@pytest.mark.parametrize(
    ("zone", "changes", "hours"),
    [
        ("Europe/Berlin", datetime(2026, 10, 25, 0), 25),
        ("Europe/Berlin", datetime(2026, 3, 29, 0), 23),
        ("America/New_York", datetime(2026, 11, 1, 0), 25),
        ("Australia/Lord_Howe", datetime(2026, 4, 5, 0), 24.5),
    ],
)
def test_a_run_over_a_change_to_summer_time_counts_the_hours_that_passed(
    zone: str, changes: datetime, hours: float
) -> None:
    midnight = changes.replace(tzinfo=ZoneInfo(zone))
    next_midnight = (changes + timedelta(days=1)).replace(tzinfo=ZoneInfo(zone))
    started, ended = seconds_of(midnight), seconds_of(next_midnight)
    weeks = {week_of(started), week_of(ended)}
    assert sum(week.overlap(started, ended) for week in weeks) == hours * HOUR_SECONDS


@pytest.mark.parametrize(
    ("what", "started", "ended", "before", "after"),
    [
        ("wholly before", "2026-11-20T20:00", "2026-11-20T23:00", 3, 0),
        ("up to the reset", "2026-11-20T20:00", "2026-11-21T00:00", 4, 0),
        ("across the reset", "2026-11-20T22:30", "2026-11-21T03:00", 1.5, 3),
        ("from the reset on", "2026-11-21T00:00", "2026-11-21T02:00", 0, 2),
        ("wholly after", "2026-11-22T00:00", "2026-11-22T02:00", 0, 2),
        ("no time at all", "2026-11-21T00:00", "2026-11-21T00:00", 0, 0),
    ],
)
def test_a_run_across_the_reset_counts_in_each_week_with_its_part(
    what: str, started: str, ended: str, before: float, after: float
) -> None:
    week = week_of(at("2026-11-21"))
    weeks = (week.earlier(), week)
    shares = [each.overlap(at(started), at(ended)) / HOUR_SECONDS for each in weeks]
    assert shares == [before, after], what


@given(start=INSTANTS, hours=st.floats(0, 24 * 30), reset=st.none() | INSTANTS)
def test_the_parts_in_all_weeks_add_up_to_the_run(
    start: float, hours: float, reset: float | None
) -> None:
    end = start + hours * HOUR_SECONDS
    weeks = last_weeks(week_of(end, reset), 7)
    assert sum(week.overlap(start, end) for week in weeks) == pytest.approx(end - start, abs=1e-3)


@given(instant=INSTANTS, reset=st.none() | INSTANTS)
def test_every_instant_lies_in_exactly_one_week(instant: float, reset: float | None) -> None:
    week = week_of(instant, reset)
    assert week.contains(instant)
    assert not week.earlier().contains(instant)
    assert week_of(week.end, reset).start == week.end
    assert week.end - week.start == WEEK_SECONDS


def test_the_last_weeks_follow_each_other_oldest_first() -> None:
    current = week_of(at("2026-11-25"))
    weeks = last_weeks(current, 3)
    assert weeks[-1] == current
    assert [week.end for week in weeks[:-1]] == [week.start for week in weeks[1:]]
    assert last_weeks(current, 1) == (Week(current.start, current.end),)
