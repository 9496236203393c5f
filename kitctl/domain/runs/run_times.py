"""When a run occupied its accelerator: the best estimate from all that is known of the run.

Kaggle reports neither start nor end of a run, so both are inferred. The sources, best first:

`watched`  Polls saw the run change from queued to running and from running to ended within a time
           that is short beside the run: the whole session, which is what Kaggle bills, with its
           container's start and end.
`output`   The pulled run.json: the program's own first and last second, on Kaggle's clock. It lacks
           the container's start and end, less than a minute in all.
`log`      The time of the log's last line: a length without a start, placed where the polls allow.
`bounds`   None of these: from the push (or the last poll that saw it queued) to the first poll that
           saw it ended, at most the session's limit. This is an upper bound, but for a run that
           polls leave open by less than a minute and a half: there it is the middle.

A worse source never contradicts a better one: each estimate stays within the bounds that all
observations set together.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import NamedTuple

# Polls that leave start and end open by no more than this together are better than the program's
# own times, which lack about as much: the container's start and end.
CLOSE_SECONDS = 90.0

# Of a short run the polls must leave open no more than this share, or this many seconds.
CLOSE_SHARE, ALWAYS_CLOSE_SECONDS = 0.1, 2.0


class Phase(StrEnum):
    """What a polled status says about the run's accelerator."""

    QUEUED = "queued"
    RUNNING = "running"
    ENDED = "ended"


class TimeSource(StrEnum):
    """What an occupancy is known from, best first (see the module)."""

    WATCHED = "watched"
    OUTPUT = "output"
    LOG = "log"
    BOUNDS = "bounds"


class Evidence(NamedTuple):
    """All that is known of one run's times; seconds since 1970 UTC on Kaggle's clock.

    `polls` are the time and phase of every poll. `program_started_at` and `program_ended_at` come
    from run.json. `log_seconds` is the time of the log's last line: 0 for an empty log, None for
    one that was not read.
    """

    pushed_at: float
    limit_seconds: float
    polls: tuple[tuple[float, Phase], ...] = ()
    program_started_at: float | None = None
    program_ended_at: float | None = None
    log_seconds: float | None = None

    def poll_times(self, phase: Phase) -> list[float]:
        """Return when polls saw the run in that phase."""
        return [at for at, polled_phase in self.polls if polled_phase is phase]

    def running_times(self) -> list[float]:
        """Return when the run was certainly running, by polls and by its own run.json."""
        program = (self.program_started_at, self.program_ended_at)
        return [*self.poll_times(Phase.RUNNING), *(at for at in program if at is not None)]

    def last_waiting_time(self) -> float:
        """Return when the run was last known not to have started."""
        first_running = min(self.running_times(), default=math.inf)
        waiting = (at for at in self.poll_times(Phase.QUEUED) if at <= first_running)
        return max([self.pushed_at, *waiting])


class Occupancy(NamedTuple):
    """When a run occupied its accelerator; None where it has not started, or not ended, yet."""

    started_at: float | None
    ended_at: float | None
    source: TimeSource

    def end_by(self, now: float, limit_seconds: float) -> float:
        """Return the end: `now` while the run lasts, but never beyond the session's limit."""
        if self.started_at is None:
            return now
        if self.ended_at is None:
            return max(self.started_at, min(now, self.started_at + limit_seconds))
        return self.ended_at


NO_OCCUPANCY = Occupancy(None, None, TimeSource.BOUNDS)
"""Of a run that has not started, or never did."""


def best_occupancy(evidence: Evidence) -> Occupancy:
    """Return the best estimate of when a run occupied its accelerator (see the module)."""
    ended = evidence.poll_times(Phase.ENDED)
    if not ended:
        return _not_ended(evidence)
    bounds = _Bounds.of(evidence, min(ended))
    if bounds.are_close:
        return bounds.middle(evidence, TimeSource.WATCHED)
    if evidence.program_started_at is not None and evidence.program_ended_at is not None:
        start = bounds.nearest_start(evidence.program_started_at)
        end = bounds.nearest_end(evidence.program_ended_at)
        return Occupancy(start, max(start, end), TimeSource.OUTPUT)
    if evidence.log_seconds is not None and not bounds.exceed(evidence.log_seconds):
        return _place_length(evidence.log_seconds, bounds)
    if bounds.open_seconds <= CLOSE_SECONDS:
        return bounds.middle(evidence, TimeSource.BOUNDS)
    start = bounds.earliest_start
    return Occupancy(
        start, min(bounds.latest_end, start + evidence.limit_seconds), TimeSource.BOUNDS
    )


class _Bounds(NamedTuple):
    """The earliest and the latest possible start and end."""

    earliest_start: float
    latest_start: float
    earliest_end: float
    latest_end: float

    @classmethod
    def of(cls, evidence: Evidence, latest_end: float) -> _Bounds:
        """Return the bounds that the push, the polls, the program, the log and the limit set."""
        length = evidence.log_seconds or 0.0
        # An answer to a poll may be late, and the run's own clock may differ a little: no time is
        # later than the end.
        running = [min(at, latest_end) for at in evidence.running_times()]
        earliest_start = min(evidence.last_waiting_time(), latest_end)
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
        """For how many seconds it is unknown whether the run had started."""
        return self.latest_start - self.earliest_start

    @property
    def open_end(self) -> float:
        """For how many seconds it is unknown whether the run had ended."""
        return self.latest_end - self.earliest_end

    @property
    def open_seconds(self) -> float:
        return self.open_start + self.open_end

    @property
    def are_close(self) -> bool:
        """Whether the polls say more than the program's own times."""
        share = CLOSE_SHARE * (self.latest_end - self.earliest_start)
        return self.open_seconds <= min(CLOSE_SECONDS, max(ALWAYS_CLOSE_SECONDS, share))

    def middle(self, evidence: Evidence, source: TimeSource) -> Occupancy:
        """Return the middle of what the polls leave open."""
        # A run that ended before a poll saw it running waited only shortly: it starts at the push.
        waited = self.open_start / 2 if evidence.running_times() else 0.0
        start = self.earliest_start + waited
        return Occupancy(start, max(start, self.latest_end - self.open_end / 2), source)

    def exceed(self, length: float) -> bool:
        """Return whether the run was certainly longer: its log may have fallen silent early."""
        return self.earliest_end - self.latest_start > length + CLOSE_SECONDS

    def nearest_start(self, at: float) -> float:
        """Return the possible start nearest to `at`."""
        return min(max(at, self.earliest_start), self.latest_start)

    def nearest_end(self, at: float) -> float:
        """Return the possible end nearest to `at`."""
        return min(max(at, self.earliest_end), self.latest_end)


def _not_ended(evidence: Evidence) -> Occupancy:
    """Return the occupancy of a run that no poll has seen ended."""
    earliest_start, running = evidence.last_waiting_time(), evidence.running_times()
    if not running:
        return NO_OCCUPANCY
    latest_start = max(earliest_start, min(running))
    if latest_start - earliest_start <= CLOSE_SECONDS:
        return Occupancy((earliest_start + latest_start) / 2, None, TimeSource.WATCHED)
    if evidence.program_started_at is not None:
        return Occupancy(latest_start, None, TimeSource.OUTPUT)
    return Occupancy(earliest_start, None, TimeSource.BOUNDS)


def _place_length(length: float, bounds: _Bounds) -> Occupancy:
    """Place a known length at the end, if the polls determine only the end closely.

    Otherwise it starts at the push: Kaggle's queue is usually short.
    """
    if bounds.open_end <= CLOSE_SECONDS < bounds.open_start:
        end = bounds.latest_end - bounds.open_end / 2
        return Occupancy(bounds.nearest_start(end - length), end, TimeSource.LOG)
    return Occupancy(
        bounds.earliest_start, bounds.nearest_end(bounds.earliest_start + length), TimeSource.LOG
    )
