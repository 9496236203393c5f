"""The weekly quota by the recorded sessions, with the clock set."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kitctl.local.state import records
from kitctl.local.state.clock import parse_time
from kitctl.local.state.local_state import LocalState
from kitctl.local.state.machines import Pool
from kitctl.local.state.quota import week_start
from kitctl.local.state.records import SaveRequest

# 2026-11-21 is a Saturday.
WEDNESDAY = parse_time("2026-11-18T12:00:00Z")
HOUR = 3600.0


def add_session(
    state: LocalState, pool: Pool, start: str | None, end: str | None, status: str = "COMPLETE"
) -> int:
    """Record a session; without an end it runs, without a start it is queued."""
    kernel, version = state.kernels.add_version("local", "one-job", "", SaveRequest(title="One"))
    return state.sessions.add(
        kernel,
        version,
        pool,
        status=status,
        timeout_seconds=12 * HOUR,
        queued_at=parse_time(start) if start else state.clock.now(),
        started_at=parse_time(start) if start else None,
        ended_at=parse_time(end) if end else None,
    )


def used_hours(state: LocalState, pool: Pool = "gpu") -> float:
    return state.quota.statistics(pool).used / HOUR


@pytest.mark.parametrize(
    ("now", "start"),
    [
        ("2026-11-20T23:59:59Z", "2026-11-14"),
        ("2026-11-21T00:00:00Z", "2026-11-21"),
        ("2028-02-29T12:00:00Z", "2028-02-26"),
    ],
)
def test_a_week_starts_on_saturday_at_midnight_utc(
    local_state: LocalState, now: str, start: str
) -> None:
    local_state.clock.set(parse_time(now))
    assert week_start(parse_time(now)) == parse_time(start)
    reset = datetime.fromtimestamp(local_state.quota.refresh_time(), UTC)
    assert reset.isoformat(timespec="seconds").endswith("T00:00:00+00:00")
    assert local_state.quota.refresh_time() == parse_time(start) + 7 * 24 * HOUR


def test_ended_sessions_of_this_week_are_used_time_whatever_their_status(
    local_state: LocalState,
) -> None:
    local_state.clock.set(WEDNESDAY)
    add_session(local_state, "gpu", "2026-11-16T10:00:00Z", "2026-11-16T11:00:00Z")
    add_session(local_state, "gpu", "2026-11-17T10:00:00Z", "2026-11-17T10:30:00Z", "ERROR")
    add_session(
        local_state,
        "gpu",
        "2026-11-17T11:00:00Z",
        "2026-11-17T11:15:00Z",
        records.CANCEL_ACKNOWLEDGED,
    )
    assert used_hours(local_state) == 1.75


def test_other_weeks_and_other_pools_do_not_count(local_state: LocalState) -> None:
    local_state.clock.set(WEDNESDAY)
    add_session(local_state, "gpu", "2026-11-13T10:00:00Z", "2026-11-13T12:00:00Z")
    add_session(local_state, "cpu", "2026-11-17T12:00:00Z", "2026-11-17T14:00:00Z")
    add_session(local_state, "tpu", "2026-11-17T12:00:00Z", "2026-11-17T14:00:00Z")
    assert (used_hours(local_state, "gpu"), used_hours(local_state, "tpu")) == (0, 2)


def test_a_session_across_the_reset_counts_in_both_weeks(local_state: LocalState) -> None:
    add_session(local_state, "gpu", "2026-11-13T23:00:00Z", "2026-11-14T02:00:00Z")
    local_state.clock.set(parse_time("2026-11-20T12:00:00Z"))
    assert used_hours(local_state) == 2
    local_state.clock.set(parse_time("2026-11-13T23:59:59Z"))
    assert used_hours(local_state) == 3


def test_the_time_of_an_open_notebook_is_used_time(local_state: LocalState) -> None:
    local_state.clock.set(WEDNESDAY)
    local_state.quota.add_interactive_use("gpu", WEDNESDAY - 2 * HOUR, WEDNESDAY - HOUR)
    assert used_hours(local_state) == 1


def test_a_running_session_is_reserved_and_used_once_it_has_ended(
    local_state: LocalState,
) -> None:
    local_state.clock.set(WEDNESDAY)
    session = add_session(local_state, "gpu", "2026-11-18T11:00:00Z", None, records.RUNNING)
    running = local_state.quota.statistics("gpu")
    assert running.used == 0 and running.reserved == pytest.approx(HOUR, abs=5)
    local_state.sessions.end(session, records.COMPLETE)
    ended = local_state.quota.statistics("gpu")
    assert ended.used == pytest.approx(HOUR, abs=5) and ended.reserved == 0


def test_a_queued_session_uses_nothing(local_state: LocalState) -> None:
    assert not local_state.quota.statistics("gpu").has_ever_run
    add_session(local_state, "gpu", None, None, records.QUEUED)
    statistics = local_state.quota.statistics("gpu")
    assert (statistics.used, statistics.reserved) == (0, 0)
    assert statistics.has_ever_run


@pytest.mark.parametrize(
    ("pool", "hours", "message"),
    [
        ("gpu", 30, "Maximum weekly GPU quota of 30.00 hours reached."),
        ("tpu", 20, "Maximum weekly TPU quota of 20.00 hours reached."),
    ],
)
def test_no_session_may_start_once_the_quota_is_used_up(
    local_state: LocalState, pool: Pool, hours: float, message: str
) -> None:
    local_state.clock.set(WEDNESDAY)
    local_state.quota.add_interactive_use(pool, WEDNESDAY - hours * HOUR, WEDNESDAY - 1)
    assert local_state.quota.limit_message(pool) is None
    local_state.quota.add_interactive_use(pool, WEDNESDAY - 1, WEDNESDAY)
    assert local_state.quota.limit_message(pool) == message
    assert local_state.quota.limit_message("cpu") is None
    local_state.clock.set(parse_time("2026-11-21T00:00:00Z"))
    assert local_state.quota.limit_message(pool) is None


def test_the_allowed_time_is_a_setting(local_state: LocalState) -> None:
    local_state.settings["gpu_allowed_seconds"] = 43.5 * HOUR
    statistics = local_state.quota.statistics("gpu")
    assert (statistics.allowed, statistics.minimum) == (43.5 * HOUR, 43.5 * HOUR)


@pytest.mark.parametrize(("pool", "limit"), [("gpu", 2), ("tpu", 1), ("cpu", 5)])
def test_so_many_sessions_of_a_pool_may_be_queued_or_running_at_once(
    local_state: LocalState, pool: Pool, limit: int
) -> None:
    for _ in range(limit):
        assert local_state.quota.limit_message(pool) is None
        session = add_session(local_state, pool, None, None, records.QUEUED)
    message = f"Maximum batch {pool.upper()} session count of {limit} reached."
    assert local_state.quota.limit_message(pool) == message
    local_state.sessions.end(session, records.ERROR)
    assert local_state.quota.limit_message(pool) is None
