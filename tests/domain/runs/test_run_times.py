"""When a run occupied its machine, estimated from polls, log and run.json."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kitctl.domain.runs.run_times import Evidence, Occupancy, Phase, TimeSource, best_occupancy

QUEUED, RUNNING, ENDED = Phase.QUEUED, Phase.RUNNING, Phase.ENDED
LIMIT = 12 * 3600.0


def evidence(*polls: tuple[float, Phase], limit: float = LIMIT, **more: float) -> Evidence:
    return Evidence(pushed_at=0.0, limit_seconds=limit, polls=polls, **more)


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
        "ended before a poll saw it running, log read: its length, from the push on",
        evidence((30, ENDED), log_seconds=10),
        Occupancy(0, 10, TimeSource.LOG),
    ),
    (
        "ended before a poll saw it running: from the push to the middle of the open time",
        evidence((30, ENDED)),
        Occupancy(0, 15, TimeSource.BOUNDS),
    ),
    (
        "a short run that was polled late: its log",
        evidence((2, RUNNING), (101, ENDED), log_seconds=3),
        Occupancy(0, 3, TimeSource.LOG),
    ),
    (
        "a short run that was watched closely",
        evidence((1, RUNNING), (4, ENDED), log_seconds=3),
        Occupancy(0.5, 3.5, TimeSource.WATCHED),
    ),
    (
        "running long after the last line of the log: the log says nothing about the end",
        evidence((5, QUEUED), (25, RUNNING), (7000, RUNNING), (20000, ENDED), log_seconds=60),
        Occupancy(5, 20000, TimeSource.BOUNDS),
    ),
    (
        "cancelled in the queue: an empty log, no occupancy",
        evidence((600, QUEUED), (900, ENDED), log_seconds=0),
        Occupancy(600, 600, TimeSource.LOG),
    ),
    (
        "never watched, no log to be had: at most from push to sighting",
        evidence((7200, ENDED)),
        Occupancy(0, 7200, TimeSource.BOUNDS),
    ),
    (
        "never watched, without a log, polled late: at most the session's limit",
        evidence((90000, ENDED), limit=3600),
        Occupancy(0, 3600, TimeSource.BOUNDS),
    ),
    (
        "polled late while running, ended much later: at least up to that poll",
        evidence((5000, RUNNING), (90000, ENDED), limit=3600),
        Occupancy(1400, 5000, TimeSource.BOUNDS),
    ),
    ("waiting: no occupancy yet", evidence((20, QUEUED)), Occupancy(None, None, TimeSource.BOUNDS)),
    ("just pushed", evidence(), Occupancy(None, None, TimeSource.BOUNDS)),
    (
        "running, its start watched",
        evidence((20, QUEUED), (40, RUNNING), (400, RUNNING)),
        Occupancy(30, None, TimeSource.WATCHED),
    ),
    (
        "running, first polled late",
        evidence((4000, RUNNING)),
        Occupancy(0, None, TimeSource.BOUNDS),
    ),
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


@pytest.mark.parametrize(
    ("what", "run_evidence", "occupancy"), CASES, ids=[case[0] for case in CASES]
)
def test_the_best_source_decides_when_the_run_occupied_its_machine(
    what: str, run_evidence: Evidence, occupancy: Occupancy
) -> None:
    assert best_occupancy(run_evidence) == occupancy


def test_the_order_of_the_polls_does_not_matter() -> None:
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
def test_the_estimate_is_possible_whatever_the_polls_saw(
    pushed: float,
    queue: float,
    length: float,
    polls: list[float],
    overhead: float,
    read_log: bool,
    pulled: bool,
) -> None:
    """A run that really occupied its machine from `start` to `end`, as a few polls saw it."""
    start, end = pushed + queue, pushed + queue + length

    def phase(at: float) -> Phase:
        return QUEUED if at < start else RUNNING if at < end else ENDED

    program = min(overhead, length / 2)
    run_evidence = Evidence(
        pushed_at=pushed,
        limit_seconds=50000,
        polls=tuple((pushed + at, phase(pushed + at)) for at in polls),
        program_started_at=start + program if pulled else None,
        program_ended_at=end - program / 2 if pulled else None,
        log_seconds=length - program if read_log else None,
    )
    occupancy = best_occupancy(run_evidence)
    ends = [at for at, what in run_evidence.polls if what is ENDED]
    assert (occupancy.ended_at is not None) == bool(ends)
    if occupancy.started_at is not None:
        assert occupancy.started_at >= pushed
    if occupancy.ended_at is not None and occupancy.started_at is not None:
        assert occupancy.started_at <= occupancy.ended_at <= min(ends)
        if pulled:
            assert occupancy.ended_at - occupancy.started_at == pytest.approx(length, abs=90)


@pytest.mark.parametrize(
    ("what", "occupancy", "end"),
    [
        ("ended", Occupancy(100, 200, TimeSource.WATCHED), 200),
        ("running", Occupancy(100, None, TimeSource.WATCHED), 1000),
        ("running, by a clock that is behind", Occupancy(1500, None, TimeSource.WATCHED), 1500),
        ("lost sight of", Occupancy(-90000, None, TimeSource.WATCHED), -90000 + LIMIT),
        ("waiting", Occupancy(None, None, TimeSource.BOUNDS), 1000),
    ],
)
def test_an_occupancy_lasts_up_to_now_but_not_beyond_its_limit(
    what: str, occupancy: Occupancy, end: float
) -> None:
    assert occupancy.end_by(now=1000, limit_seconds=LIMIT) == end, what
