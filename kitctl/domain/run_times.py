"""When a run held its accelerator: the best that is known, out of all that was seen of it.

Kaggle names no start and no end of a run, so both are inferred. What says so, the best first:

`watched`  polls saw the run turn from queued to running and from running to ended, closely: the
           session itself, which is what Kaggle bills, its container's start and end included.
`output`   run.json, pulled: the program's own first and last second, on Kaggle's clock. It misses
           the container's start and end, less than a minute in all.
`log`      the time of the log's last line: a length without a place, put where the polls allow it.
`bounds`   none of these: from the push (or the last poll that saw it queued) to the first poll that
           saw it ended, at most the session's limit. An upper bound, called one.

Whatever is less well known never contradicts what is better known: each estimate is kept inside the
bounds that all sightings draw together.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import NamedTuple

# Polls that leave no more than this open, start and end together, beat the program's own times,
# which miss the container's start and end by about as much.
CLOSE_SECONDS = 90.0


class Phase(StrEnum):
    """What a poll of a run's status says about its hold on the accelerator."""

    QUEUED = "queued"
    RUNNING = "running"
    ENDED = "ended"


class TimeSource(StrEnum):
    """What a hold is known from; best first (see the module)."""

    WATCHED = "watched"
    OUTPUT = "output"
    LOG = "log"
    BOUNDS = "bounds"


class Evidence(NamedTuple):
    """All that is known of one run's times; seconds since 1970 UTC on Kaggle's clock.

    `polls`: (when, phase) of every poll. `program_started_at` and `program_ended_at`: run.json.
    `log_seconds`: the time of the log's last line, 0 for a log known to be empty, None if not read.
    """

    pushed_at: float
    limit_seconds: float
    polls: tuple[tuple[float, Phase], ...] = ()
    program_started_at: float | None = None
    program_ended_at: float | None = None
    log_seconds: float | None = None

    def seen(self, phase: Phase) -> list[float]:
        """Return when polls saw the run in that phase."""
        return [at for at, seen in self.polls if seen is phase]

    def seen_running(self) -> list[float]:
        """Return when the run was certainly running: by polls, and by its own word."""
        program = (self.program_started_at, self.program_ended_at)
        return [*self.seen(Phase.RUNNING), *(at for at in program if at is not None)]

    def seen_waiting(self) -> float:
        """Return when the run was last known not to have started."""
        first_running = min(self.seen_running(), default=math.inf)
        waiting = (at for at in self.seen(Phase.QUEUED) if at <= first_running)
        return max([self.pushed_at, *waiting])


class Occupancy(NamedTuple):
    """From when to when a run held its accelerator; `None`: not begun, or not ended yet."""

    started_at: float | None
    ended_at: float | None
    source: TimeSource

    def until(self, now: float, limit_seconds: float) -> float:
        """Return the hold's end: `now` while it lasts, but never past the session's limit."""
        if self.started_at is None:
            return now
        if self.ended_at is None:
            return max(self.started_at, min(now, self.started_at + limit_seconds))
        return self.ended_at


def best_occupancy(evidence: Evidence) -> Occupancy:
    """Return the best known hold of a run (the module says what beats what)."""
    seen_ended = evidence.seen(Phase.ENDED)
    if not seen_ended:
        return _not_ended(evidence)
    bounds = _Bounds.of(evidence, min(seen_ended))
    if bounds.open_start + bounds.open_end <= CLOSE_SECONDS:
        # Over before it was seen running: the queue was short, so it starts with the push.
        waited = bounds.open_start / 2 if evidence.seen_running() else 0.0
        start = bounds.earliest_start + waited
        return Occupancy(
            start, max(start, bounds.latest_end - bounds.open_end / 2), TimeSource.WATCHED
        )
    if evidence.program_started_at is not None and evidence.program_ended_at is not None:
        start = bounds.nearest_start(evidence.program_started_at)
        end = bounds.nearest_end(evidence.program_ended_at)
        return Occupancy(start, max(start, end), TimeSource.OUTPUT)
    if evidence.log_seconds is not None and not bounds.outlast(evidence.log_seconds):
        return _placed(evidence.log_seconds, bounds)
    start = bounds.earliest_start
    return Occupancy(
        start, min(bounds.latest_end, start + evidence.limit_seconds), TimeSource.BOUNDS
    )


class _Bounds(NamedTuple):
    """The earliest and the latest that a hold can have started and ended."""

    earliest_start: float
    latest_start: float
    earliest_end: float
    latest_end: float

    @classmethod
    def of(cls, evidence: Evidence, latest_end: float) -> _Bounds:
        """Draw the bounds that the push, the polls, the program, the log and the limit set."""
        length = evidence.log_seconds or 0.0
        # A poll may be answered late, and the run's own clock differ a little: the end stands.
        running = [min(at, latest_end) for at in evidence.seen_running()]
        earliest_start = min(evidence.seen_waiting(), latest_end)
        latest_start = max(earliest_start, min([*running, latest_end - length]))
        earliest_end = min(latest_end, max([*running, earliest_start + length]))
        return cls(
            min(latest_start, max(earliest_start, earliest_end - evidence.limit_seconds)),
            latest_start,
            earliest_end,
            max(earliest_end, min(latest_end, latest_start + evidence.limit_seconds)),
        )

    @property
    def open_start(self) -> float:
        """For how many seconds it is not known whether the hold had started."""
        return self.latest_start - self.earliest_start

    @property
    def open_end(self) -> float:
        """For how many seconds it is not known whether the hold had ended."""
        return self.latest_end - self.earliest_end

    def outlast(self, length: float) -> bool:
        """Whether it surely held for longer than that: a log that fell silent tells no end."""
        return self.earliest_end - self.latest_start > length + CLOSE_SECONDS

    def nearest_start(self, at: float) -> float:
        """Return the possible start nearest to `at`."""
        return min(max(at, self.earliest_start), self.latest_start)

    def nearest_end(self, at: float) -> float:
        """Return the possible end nearest to `at`."""
        return min(max(at, self.earliest_end), self.latest_end)


def _not_ended(evidence: Evidence) -> Occupancy:
    """Return the hold of a run that no poll has seen ended."""
    earliest_start, running = evidence.seen_waiting(), evidence.seen_running()
    if not running:
        return Occupancy(None, None, TimeSource.BOUNDS)
    latest_start = max(earliest_start, min(running))
    if latest_start - earliest_start <= CLOSE_SECONDS:
        return Occupancy((earliest_start + latest_start) / 2, None, TimeSource.WATCHED)
    if evidence.program_started_at is not None:
        return Occupancy(latest_start, None, TimeSource.OUTPUT)
    return Occupancy(earliest_start, None, TimeSource.BOUNDS)


def _placed(length: float, bounds: _Bounds) -> Occupancy:
    """Place a hold of known length by its end, if the polls know only that one closely.

    When neither end was seen, it starts with the push: Kaggle's queue is usually short.
    """
    if bounds.open_end <= CLOSE_SECONDS < bounds.open_start:
        end = bounds.latest_end - bounds.open_end / 2
        return Occupancy(bounds.nearest_start(end - length), end, TimeSource.LOG)
    return Occupancy(
        bounds.earliest_start, bounds.nearest_end(bounds.earliest_start + length), TimeSource.LOG
    )
