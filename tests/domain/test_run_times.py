"""When a run held its machine, from whatever was seen of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kitctl.domain.run_times import Evidence, Occupancy, Phase, TimeSource, best_occupancy

QUEUED, RUNNING, ENDED = Phase.QUEUED, Phase.RUNNING, Phase.ENDED
LIMIT = 12 * 3600.0


def evidence(*sightings: tuple[float, Phase], limit: float = LIMIT, **more: float) -> Evidence:
    return Evidence(pushed_at=0.0, limit_seconds=limit, polls=sightings, **more)


WATCHED = ((20, QUEUED), (40, RUNNING), (3600, RUNNING), (3620, ENDED))
CASES = [
    (
        "watched closely: the middle of what the polls leave open",
        evidence(*WATCHED),
        Occupancy(30, 3610, TimeSource.WATCHED),
    ),
    (
        "watched closely beats the program's own times, which miss the container's",
        evidence(*WATCHED, program_started_at=60, program_ended_at=3590),
        Occupancy(30, 3610, TimeSource.WATCHED),
    ),
    (
        "polled rarely: the program's own times",
        evidence((900, RUNNING), (9000, ENDED), program_started_at=100, program_ended_at=3700),
        Occupancy(100, 3700, TimeSource.OUTPUT),
    ),
    (
        "a program's clock that runs ahead stays inside what the polls saw",
        evidence((2000, ENDED), program_started_at=100, program_ended_at=2500),
        Occupancy(100, 2000, TimeSource.OUTPUT),
    ),
    (
        "never watched, log read: its length, from the push on",
        evidence((36000, ENDED), log_seconds=3600),
        Occupancy(0, 3600, TimeSource.LOG),
    ),
    (
        "only its end watched, log read: its length, up to that end",
        evidence((9000, RUNNING), (9010, ENDED), log_seconds=3600),
        Occupancy(5405, 9005, TimeSource.LOG),
    ),
    (
        "only its start watched, log read: its length, from that start on",
        evidence((5, QUEUED), (25, RUNNING), (90000, ENDED), log_seconds=3600),
        Occupancy(5, 3605, TimeSource.LOG),
    ),
    (
        "over before it was seen running: from the push to the middle of what is open",
        evidence((30, ENDED), log_seconds=10),
        Occupancy(0, 20, TimeSource.WATCHED),
    ),
    (
        "seen running long after the log fell silent: the log tells no end",
        evidence((5, QUEUED), (25, RUNNING), (7000, RUNNING), (20000, ENDED), log_seconds=60),
        Occupancy(5, 20000, TimeSource.BOUNDS),
    ),
    (
        "cancelled in the queue: an empty log, nothing held",
        evidence((600, QUEUED), (900, ENDED), log_seconds=0),
        Occupancy(600, 600, TimeSource.LOG),
    ),
    (
        "never watched, no log to be had: at most from push to sighting",
        evidence((7200, ENDED)),
        Occupancy(0, 7200, TimeSource.BOUNDS),
    ),
    (
        "never watched, no log to be had, seen late: at most the session's limit",
        evidence((90000, ENDED), limit=3600),
        Occupancy(0, 3600, TimeSource.BOUNDS),
    ),
    (
        "seen running late, then ended much later: it held to when it was seen, at least",
        evidence((5000, RUNNING), (90000, ENDED), limit=3600),
        Occupancy(1400, 5000, TimeSource.BOUNDS),
    ),
    ("waiting: no hold yet", evidence((20, QUEUED)), Occupancy(None, None, TimeSource.BOUNDS)),
    ("just pushed", evidence(), Occupancy(None, None, TimeSource.BOUNDS)),
    (
        "running, its start watched",
        evidence((20, QUEUED), (40, RUNNING), (400, RUNNING)),
        Occupancy(30, None, TimeSource.WATCHED),
    ),
    ("running, first seen late", evidence((4000, RUNNING)), Occupancy(0, None, TimeSource.BOUNDS)),
    (
        "running, its start read from the log",
        evidence((4000, RUNNING), program_started_at=300),
        Occupancy(300, None, TimeSource.OUTPUT),
    ),
    (
        "an early poll that was answered late changes nothing",
        evidence((20, QUEUED), (40, RUNNING), (50, QUEUED), (3600, ENDED), (3601, RUNNING)),
        Occupancy(30, 3600, TimeSource.WATCHED),
    ),
]


@pytest.mark.parametrize(("what", "seen", "hold"), CASES, ids=[case[0] for case in CASES])
def test_the_best_known_wins(what: str, seen: Evidence, hold: Occupancy) -> None:
    assert best_occupancy(seen) == hold


def test_what_was_seen_in_any_order_says_the_same() -> None:
    assert best_occupancy(evidence(*reversed(WATCHED))) == best_occupancy(evidence(*WATCHED))


@given(
    pushed=st.floats(0, 1e5),
    queue=st.floats(0, 5000),
    length=st.floats(1, 40000),
    polls=st.lists(st.floats(0, 2e5), max_size=12),
    overhead=st.floats(0, 30),
    read_log=st.booleans(),
    pulled=st.booleans(),
)
def test_whatever_is_seen_of_a_run_its_estimate_is_possible(
    pushed: float,
    queue: float,
    length: float,
    polls: list[float],
    overhead: float,
    read_log: bool,
    pulled: bool,
) -> None:
    """A run that truly held its machine from `start` to `end`, seen through a few polls."""
    start, end = pushed + queue, pushed + queue + length

    def phase(at: float) -> Phase:
        return QUEUED if at < start else RUNNING if at < end else ENDED

    program = min(overhead, length / 2)
    seen = Evidence(
        pushed_at=pushed,
        limit_seconds=50000,
        polls=tuple((pushed + at, phase(pushed + at)) for at in polls),
        program_started_at=start + program if pulled else None,
        program_ended_at=end - program / 2 if pulled else None,
        log_seconds=length - program if read_log else None,
    )
    hold = best_occupancy(seen)
    ends = [at for at, what in seen.polls if what is ENDED]
    assert (hold.ended_at is not None) == bool(ends)
    if hold.started_at is not None:
        assert hold.started_at >= pushed
    if hold.ended_at is not None and hold.started_at is not None:
        assert hold.started_at <= hold.ended_at <= min(ends)
        if pulled:
            assert hold.ended_at - hold.started_at == pytest.approx(length, abs=90)


@pytest.mark.parametrize(
    ("what", "hold", "until"),
    [
        ("ended", Occupancy(100, 200, TimeSource.WATCHED), 200),
        ("running", Occupancy(100, None, TimeSource.WATCHED), 1000),
        ("running, by a clock that is behind", Occupancy(1500, None, TimeSource.WATCHED), 1500),
        ("lost sight of", Occupancy(-90000, None, TimeSource.WATCHED), -90000 + LIMIT),
        ("waiting", Occupancy(None, None, TimeSource.BOUNDS), 1000),
    ],
)
def test_a_hold_lasts_until_now_but_not_past_its_limit(
    what: str, hold: Occupancy, until: float
) -> None:
    assert hold.end_by(now=1000, limit_seconds=LIMIT) == until, what
