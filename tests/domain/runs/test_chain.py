"""Where a chain of sessions stands, and what follows after each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kitctl.domain.runs.chain import (
    ChainOutcome,
    Limits,
    SessionEnd,
    first_session,
    next_session,
    outcome,
    read_session,
)
from kitctl.domain.runs.run import Status

NO_LIMITS = Limits(session_seconds=120)
FIRST = first_session("0123456789abcdef" * 4, NO_LIMITS)
UNFINISHED = SessionEnd(status=Status.COMPLETE, seconds=100.0, unfinished="epoch 3 of 9")


def test_a_session_is_read_from_the_source_that_it_is_written_into() -> None:
    session = next_session(FIRST, UNFINISHED, NO_LIMITS)
    source = f"import os\nos.environ.update({{'KITCTL_CHAIN': '{session.variable}'}})\nprint(1)\n"
    assert read_session(source) == session
    assert read_session("print('KITCTL_CHAIN is for kitctl')") is None


def test_the_next_session_counts_what_the_chain_has_used() -> None:
    second = next_session(FIRST, UNFINISHED, NO_LIMITS)
    third = next_session(second, replace(UNFINISHED, unfinished="epoch 6 of 9"), NO_LIMITS)
    assert [each.number for each in (FIRST, second, third)] == [1, 2, 3]
    assert [each.spent_seconds for each in (FIRST, second, third)] == [0, 100, 200]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ChainOutcome.CONTINUES),
        ({"unfinished": None}, ChainOutcome.FINISHED),
        ({"status": Status.ERROR, "unfinished": None}, ChainOutcome.FAILED),
        ({"status": Status.ERROR}, ChainOutcome.FAILED),
        ({"status": Status.ERROR, "unfinished": "9\non_error: continue"}, ChainOutcome.CONTINUES),
        # Ended by Kaggle's limit, and cancelled by a person.
        ({"status": Status.CANCEL_ACKNOWLEDGED, "seconds": 119.0}, ChainOutcome.CONTINUES),
        ({"status": Status.CANCEL_ACKNOWLEDGED, "seconds": 30.0}, ChainOutcome.CANCELLED),
        (
            {"status": Status.CANCEL_ACKNOWLEDGED, "seconds": 119.0, "unfinished": None},
            ChainOutcome.FAILED,
        ),
    ],
)
def test_what_follows_depends_on_how_the_session_ended(
    changes: dict[str, object], expected: ChainOutcome
) -> None:
    end = replace(UNFINISHED, **changes)  # type: ignore[arg-type]
    assert outcome(FIRST, end, NO_LIMITS) is expected


def test_a_session_without_progress_ends_the_chain() -> None:
    second = next_session(FIRST, UNFINISHED, NO_LIMITS)
    assert outcome(second, UNFINISHED, NO_LIMITS) is ChainOutcome.NO_PROGRESS
    assert outcome(FIRST, replace(UNFINISHED, unfinished=""), NO_LIMITS) is ChainOutcome.NO_PROGRESS


def test_a_chain_ends_with_its_sessions_and_its_hours() -> None:
    second = next_session(FIRST, UNFINISHED, NO_LIMITS)
    end = replace(UNFINISHED, unfinished="epoch 6 of 9")
    assert outcome(second, end, replace(NO_LIMITS, sessions=2)) is ChainOutcome.SESSIONS_USED
    assert outcome(second, end, replace(NO_LIMITS, sessions=3)) is ChainOutcome.CONTINUES
    assert outcome(second, end, replace(NO_LIMITS, seconds=200.0)) is ChainOutcome.HOURS_USED
    assert outcome(second, end, replace(NO_LIMITS, seconds=260.0)) is ChainOutcome.CONTINUES


def test_no_session_is_pushed_for_the_last_seconds_of_the_hours() -> None:
    limits = replace(NO_LIMITS, seconds=120.0)
    almost_all = replace(UNFINISHED, status=Status.CANCEL_ACKNOWLEDGED, seconds=119.5)
    assert outcome(FIRST, almost_all, limits) is ChainOutcome.HOURS_USED


def test_a_session_of_seconds_that_a_person_cancels_ends_the_chain() -> None:
    short = first_session("0" * 64, Limits(session_seconds=30))
    cancelled = replace(UNFINISHED, status=Status.CANCEL_ACKNOWLEDGED, seconds=5.0)
    assert outcome(short, cancelled, NO_LIMITS) is ChainOutcome.CANCELLED
    assert outcome(short, replace(cancelled, seconds=29.0), NO_LIMITS) is ChainOutcome.CONTINUES


@pytest.mark.parametrize(
    "text", ["KITCTL_CHAIN 0123", "KITCTL_CHAIN " + "f" * 16 + " 0 0 9 " + "f" * 16]
)
def test_a_mark_that_kitctl_does_not_write_is_no_session(text: str) -> None:
    assert read_session(text) is None


def test_the_last_session_may_run_for_the_hours_that_are_left() -> None:
    limits = replace(NO_LIMITS, seconds=150.0)
    assert first_session("0" * 64, limits).limit_seconds == 120
    assert next_session(FIRST, UNFINISHED, limits).limit_seconds == 50
