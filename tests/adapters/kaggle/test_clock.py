"""Kaggle's clock, from the Date of its responses."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from kitctl.adapters.kaggle.clock import RemoteClock

NOW = 1_795_000_000.0


def respond(clock: RemoteClock, offset: float, sent_at: float, seconds: float = 0.2) -> None:
    """Give the clock a response whose Date was written half-way, by a clock ahead by `offset`."""
    date = formatdate(int(sent_at + seconds / 2 + offset), usegmt=True)
    clock.observe(date, sent_at, sent_at + seconds)


def test_the_offset_is_unknown_before_the_first_response() -> None:
    assert RemoteClock().offset_seconds is None


@pytest.mark.parametrize("offset", [0.0, 7.3, -3600.25])
def test_several_responses_give_the_offset_to_a_tenth_of_a_second(offset: float) -> None:
    clock = RemoteClock()
    for number in range(20):
        respond(clock, offset, NOW + 1.37 * number)
    assert clock.offset_seconds == pytest.approx(offset, abs=0.15)


def test_a_clock_that_was_set_is_followed_at_once() -> None:
    clock = RemoteClock()
    for offset in (0.0, 0.0, 7200.0):
        respond(clock, offset, NOW)
    assert clock.offset_seconds == pytest.approx(7200.0, abs=0.7)


@pytest.mark.parametrize("date", [None, "", "not a date"])
def test_a_response_without_a_date_changes_nothing(date: str | None) -> None:
    clock = RemoteClock()
    clock.observe(date, NOW, NOW + 1)
    assert clock.offset_seconds is None
