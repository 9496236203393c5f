"""The local Kaggle's clock."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kitctl.local.state.clock import parse_time, utc
from kitctl.local.state.errors import ApiError
from kitctl.local.state.local_state import LocalState


def test_the_clock_is_the_machines_until_it_is_set(local_state: LocalState) -> None:
    assert local_state.clock.now() == pytest.approx(time.time(), abs=5)


def test_a_moved_clock_runs_on_over_a_restart(tmp_path: Path) -> None:
    first = LocalState(tmp_path / "state")
    first.clock.set(1_000_000.0)
    first.clock.advance(500)
    first.close()
    second = LocalState(tmp_path / "state")
    assert second.clock.now() == pytest.approx(1_000_500, abs=5)
    second.close()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-02T00:00:00Z", 86400),
        ("1970-01-02T00:00:00", 86400),
        ("1970-01-02T01:00:00+01:00", 86400),
    ],
)
def test_a_time_without_an_offset_is_utc(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds
    assert utc(seconds).isoformat() == "1970-01-02T00:00:00+00:00"


def test_a_text_that_is_no_time_is_a_bad_request() -> None:
    with pytest.raises(ApiError, match="no ISO 8601 time"):
        parse_time("tomorrow")
