"""Durations as people write and read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kitctl.domain.runs import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("45m", 2700),
        ("45 min", 2700),
        ("2h", 7200),
        ("1h30m", 5400),
        ("1 h 30 min", 5400),
        ("1.5h", 5400),
        ("2D", 172800),
        ("7200", 7200),
        (" 10m ", 600),
        ("0", 0),
    ],
)
def test_durations_are_parsed_in_the_forms_that_people_write(text: str, seconds: float) -> None:
    assert durations.parse(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "2 hours ago", "-5m", "1h30", "2x", "1:30", "m5", "1e3"])
def test_a_text_that_is_no_duration_parses_to_none(text: str) -> None:
    assert durations.parse(text) is None


@pytest.mark.parametrize(
    ("seconds", "description"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (45, "45 s"),
        (60, "1 min"),
        (95, "1 min 35 s"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (3659.7, "1 h 1 min"),
        (86400, "1 d"),
        (86400 * 2 + 3 * 3600 + 59 * 60, "2 d 3 h"),
    ],
)
def test_a_duration_is_described_in_its_two_largest_units(seconds: float, description: str) -> None:
    assert durations.describe(seconds) == description


@given(st.floats(60, 10**6))
def test_an_option_is_at_most_the_duration_and_parses_back(seconds: float) -> None:
    read = durations.parse(durations.option(seconds))
    assert read is not None
    assert seconds - 60 < read <= seconds
