"""The quota's books: what a week's hours went to, so that the parts add up to Kaggle's figure.

Kaggle says how much of a week is used (by sessions that have ended) and reserved (by those that
run). The ledger says which runs that was. What is left over is its own part, *outside kitctl*:
interactive sessions, other machines, other tools. It is negative when the ledger's estimate of the
runs exceeds Kaggle's figure, and is shown as that rather than hidden.

Without a reading of Kaggle's the ledger's own sum stands in, and what was used outside is unknown.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kitctl.domain.run_times import Occupancy, TimeSource
from kitctl.domain.runs import Status
from kitctl.domain.weeks import WEEK_SECONDS, Week, week_of

# Dates come in whole seconds, and polls beside readings: a run that ended this close to a reading
# had ended when it was taken.
SIMULTANEOUS_SECONDS = 5.0


class _Hours:
    """What follows from the seconds of a week that are used, reserved and allowed."""

    __slots__ = ()

    used_seconds: float
    reserved_seconds: float
    allowed_seconds: float

    @property
    def unspent_seconds(self) -> float:
        """What is neither used nor reserved; negative by as much as the week is overdrawn."""
        return self.allowed_seconds - self.used_seconds - self.reserved_seconds

    @property
    def left_seconds(self) -> float:
        """What can still be used; never negative."""
        return max(0.0, self.unspent_seconds)

    @property
    def over_seconds(self) -> float:
        """By how much the week is overdrawn."""
        return max(0.0, -self.unspent_seconds)


@dataclass(frozen=True, slots=True)
class PoolReading(_Hours):
    """What Kaggle says of one pool's hours ("gpu" or "tpu") this week."""

    name: str
    used_seconds: float
    reserved_seconds: float
    allowed_seconds: float


@dataclass(frozen=True, slots=True)
class QuotaReading:
    """Kaggle's answer: when it was given, when the week ends if it says so, and each pool.

    `estimated`: Kaggle gave none, and the ledger's own sum stands in for it.
    """

    read_at: float
    refreshes_at: float | None
    pools: tuple[PoolReading, ...]
    estimated: bool = False

    @property
    def week(self) -> Week:
        """The week that the reading is about."""
        return week_of(self.read_at, self.refreshes_at)

    def pool(self, name: str) -> PoolReading | None:
        """Return what it says of that pool; None where the account has none."""
        return next((pool for pool in self.pools if pool.name == name), None)


class RunOccupancy(NamedTuple):
    """As much of a run as the books need; the ledger may hand out thousands."""

    id: int
    run: str
    kernel: str
    pool: str
    status: Status
    started_at: float | None
    ended_at: float | None
    limit_seconds: float
    time_source: TimeSource
    saved_seconds: float


@dataclass(frozen=True, slots=True)
class RunUse:
    """One run's part of a week: `seconds` of its `total_seconds` lie in it."""

    run: str
    kernel: str
    pool: str
    status: Status
    started_at: float
    ended_at: float | None
    seconds: float
    total_seconds: float
    time_source: TimeSource
    saved_seconds: float

    @property
    def ended(self) -> bool:
        """Whether it is used rather than reserved."""
        return self.ended_at is not None

    def ended_by(self, instant: float) -> bool:
        """Return whether it had ended at that time, as a reading taken then would say."""
        return self.ended_at is not None and self.ended_at <= instant + SIMULTANEOUS_SECONDS


@dataclass(frozen=True, slots=True)
class KernelUse:
    """What the ended runs of one kernel used of a week, and what their watchdogs gave back."""

    kernel: str
    seconds: float
    runs: int
    saved_seconds: float


@dataclass(frozen=True, slots=True)
class Balance(_Hours):
    """One pool's week. `kernels` and `outside_seconds` always add up to `used_seconds`."""

    pool: str
    week: Week
    used_seconds: float
    reserved_seconds: float
    allowed_seconds: float
    kernels: tuple[KernelUse, ...]
    outside_seconds: float | None  # None: the ledger's estimate, which cannot know it


def use_in_week(run: RunOccupancy, week: Week, now: float) -> RunUse | None:
    """Return a run's part of a week, counting one that runs up to `now`; None where it has none."""
    if run.started_at is None:
        return None
    until = Occupancy(run.started_at, run.ended_at, run.time_source).until(now, run.limit_seconds)
    seconds = week.share(run.started_at, until)
    if not (seconds or week.holds(run.started_at)):
        return None
    return RunUse(
        run=run.run,
        kernel=run.kernel,
        pool=run.pool,
        status=run.status,
        started_at=run.started_at,
        ended_at=run.ended_at,
        seconds=_milliseconds(seconds),
        total_seconds=_milliseconds(until - run.started_at),
        time_source=run.time_source,
        # Given back once, in the week in which the run ended early.
        saved_seconds=run.saved_seconds if week.holds(until) else 0.0,
    )


def uses_by_week(
    runs: Iterable[RunOccupancy], weeks: Sequence[Week], now: float
) -> list[list[RunUse]]:
    """Return the runs' parts of each of `weeks`, which follow each other, oldest first.

    Each run is looked at once, and only the weeks that it touches.
    """
    booked: list[list[RunUse]] = [[] for _ in weeks]
    for run in runs:
        if run.started_at is None:
            continue
        until = max(run.started_at, now if run.ended_at is None else run.ended_at)
        first = math.floor((run.started_at - weeks[0].start) / WEEK_SECONDS)
        last = math.floor((until - weeks[0].start) / WEEK_SECONDS)
        for place in range(max(first, 0), min(last, len(weeks) - 1) + 1):
            if use := use_in_week(run, weeks[place], now):
                booked[place].append(use)
    return booked


def estimate(
    week: Week, now: float, uses: Iterable[RunUse], allowed_seconds: Mapping[str, float]
) -> QuotaReading:
    """Return what the ledger alone can say in a reading's place, with each pool's known limit."""
    uses = list(uses)
    pools = [
        PoolReading(
            name=pool,
            used_seconds=sum(use.seconds for use in _of_pool(uses, pool) if use.ended),
            reserved_seconds=sum(use.seconds for use in _of_pool(uses, pool) if not use.ended),
            allowed_seconds=allowed,
        )
        for pool, allowed in allowed_seconds.items()
    ]
    return QuotaReading(now, week.end, tuple(pools), estimated=True)


def balance(reading: QuotaReading, pool: PoolReading, uses: Iterable[RunUse]) -> Balance:
    """Return the books of the week that is under way, by one pool of a reading."""
    kernels = _by_kernel(use for use in _of_pool(uses, pool.name) if use.ended)
    used = _milliseconds(pool.used_seconds)
    outside = _milliseconds(used - sum(use.seconds for use in kernels))
    return Balance(
        pool=pool.name,
        week=reading.week,
        used_seconds=used,
        reserved_seconds=_milliseconds(pool.reserved_seconds),
        allowed_seconds=_milliseconds(pool.allowed_seconds),
        kernels=kernels,
        outside_seconds=None if reading.estimated else outside,
    )


def closed_balance(
    week: Week,
    pool: str,
    uses: Iterable[RunUse],
    last: QuotaReading | None,
    allowed_seconds: float,
) -> Balance:
    """Return one pool's books of a week that is over; `last` is the last reading taken in it.

    What Kaggle had counted by then and the ledger had not is outside kitctl; what the ledger knows
    of the time after the reading comes on top. Without a reading (then `allowed_seconds` stands in)
    the ledger's own sum is all there is.
    """
    ours = _of_pool(uses, pool)
    kernels = _by_kernel(ours)
    inside = sum(use.seconds for use in kernels)
    said = last.pool(pool) if last else None
    outside = None
    if last and said:
        counted = sum(use.seconds for use in ours if use.ended_by(last.read_at))
        outside = _milliseconds(said.used_seconds - counted)
    return Balance(
        pool=pool,
        week=week,
        used_seconds=_milliseconds(inside + (outside or 0.0)),
        reserved_seconds=0.0,
        allowed_seconds=_milliseconds(said.allowed_seconds if said else allowed_seconds),
        kernels=kernels,
        outside_seconds=outside,
    )


def _of_pool(uses: Iterable[RunUse], pool: str) -> Sequence[RunUse]:
    return [use for use in uses if use.pool == pool]


def _by_kernel(uses: Iterable[RunUse]) -> tuple[KernelUse, ...]:
    """Return the sums of each kernel, the largest first."""
    grouped: dict[str, list[RunUse]] = defaultdict(list)
    for use in uses:
        grouped[use.kernel].append(use)
    kernels = [
        KernelUse(
            kernel=kernel,
            seconds=_milliseconds(sum(use.seconds for use in group)),
            runs=len(group),
            saved_seconds=_milliseconds(sum(use.saved_seconds for use in group)),
        )
        for kernel, group in grouped.items()
    ]
    return tuple(sorted(kernels, key=lambda use: (-use.seconds, use.kernel)))


def _milliseconds(seconds: float) -> float:
    """Return seconds rounded so that sums of parts show no trace of binary fractions."""
    return round(seconds, 3)
