"""The quota: which runs used a week's hours, in parts that add up to Kaggle's figure.

Kaggle reports how much of a week is used (by sessions that have ended) and reserved (by running
ones). The ledger says which runs did that. The rest is a part of its own, *outside kitctl*:
interactive sessions, other machines, other tools. Where the ledger's estimate of the runs exceeds
Kaggle's figure, nothing was used outside, and the runs together have used that figure.

Where Kaggle gives no reading, the ledger's own sum is used, and the part outside is unknown.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from kitctl.domain.runs.groups import GroupKey
from kitctl.domain.runs.run import Status
from kitctl.domain.runs.run_times import Occupancy, TimeSource
from kitctl.domain.runs.weeks import WEEK_SECONDS, Week, week_of

# Dates come in whole seconds, and polls are made beside readings: a run that ended this shortly
# after a reading had ended when it was taken.
SIMULTANEOUS_SECONDS = 5.0


class _Hours:
    """What follows from the used, reserved and allowed seconds of a week."""

    __slots__ = ()

    used_seconds: float
    reserved_seconds: float
    allowed_seconds: float

    @property
    def unspent_seconds(self) -> float:
        """What is neither used nor reserved; negative where more than allowed is."""
        return self.allowed_seconds - self.used_seconds - self.reserved_seconds

    @property
    def left_seconds(self) -> float:
        """What can still be used; never negative."""
        return max(0.0, self.unspent_seconds)

    @property
    def over_seconds(self) -> float:
        """By how much more than allowed is used or reserved."""
        return max(0.0, -self.unspent_seconds)


@dataclass(frozen=True, slots=True)
class PoolReading(_Hours):
    """What Kaggle reports of one pool's hours ("gpu" or "tpu") this week."""

    name: str
    used_seconds: float
    reserved_seconds: float
    allowed_seconds: float


@dataclass(frozen=True, slots=True)
class QuotaReading:
    """Kaggle's answer: its time, the end of the week if Kaggle names it, and each pool.

    An `estimated` one is the ledger's own sum, where Kaggle gives no answer.
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
        """Return the reading of that pool; None where the account has none."""
        return next((pool for pool in self.pools if pool.name == name), None)


class RunOccupancy(NamedTuple):
    """When a run occupied which pool: few fields, since the ledger may hold thousands of runs."""

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
    group: GroupKey | None = None


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
    group: GroupKey | None = None

    @property
    def ended(self) -> bool:
        """Whether it is used rather than reserved."""
        return self.ended_at is not None

    def ended_by(self, instant: float) -> bool:
        """Return whether a reading taken at that time counts the run as ended."""
        return self.ended_at is not None and self.ended_at <= instant + SIMULTANEOUS_SECONDS


@dataclass(frozen=True, slots=True)
class KernelUse:
    """What the ended runs of one kernel used of a week, and what their early stops saved."""

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
    outside_seconds: float | None  # None where only the ledger's estimate is known


def use_in_week(run: RunOccupancy, week: Week, now: float) -> RunUse | None:
    """Return a run's part of a week, of a running one up to `now`; None where it has none."""
    if run.started_at is None:
        return None
    until = Occupancy(run.started_at, run.ended_at, run.time_source).end_by(now, run.limit_seconds)
    seconds = week.overlap(run.started_at, until)
    if not (seconds or week.contains(run.started_at)):
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
        # Counted once, in the week in which the run stopped early.
        saved_seconds=run.saved_seconds if week.contains(until) else 0.0,
        group=run.group,
    )


def uses_by_week(
    runs: Iterable[RunOccupancy], weeks: Sequence[Week], now: float
) -> list[list[RunUse]]:
    """Return the runs' parts of each of `weeks`, which are consecutive, oldest first.

    Each run is examined once, and only in the weeks that it overlaps.
    """
    uses: list[list[RunUse]] = [[] for _ in weeks]
    for run in runs:
        if run.started_at is None:
            continue
        until = max(run.started_at, now if run.ended_at is None else run.ended_at)
        first = math.floor((run.started_at - weeks[0].start) / WEEK_SECONDS)
        last = math.floor((until - weeks[0].start) / WEEK_SECONDS)
        for place in range(max(first, 0), min(last, len(weeks) - 1) + 1):
            if use := use_in_week(run, weeks[place], now):
                uses[place].append(use)
    return uses


def estimate(
    week: Week, now: float, uses: Iterable[RunUse], allowed_seconds: Mapping[str, float]
) -> QuotaReading:
    """Return a reading made of the ledger's runs alone, with each pool's known limit."""
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


def current_balance(reading: QuotaReading, pool: PoolReading, uses: Iterable[RunUse]) -> Balance:
    """Return the balance of the current week for one pool of a reading."""
    used = _milliseconds(pool.used_seconds)
    kernels = _by_kernel(use for use in _of_pool(uses, pool.name) if use.ended)
    if not reading.estimated:
        kernels = _limited(kernels, used)
    outside = max(0.0, _milliseconds(used - sum(use.seconds for use in kernels)))
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
    """Return one pool's balance of a past week; `last` is the last reading taken in it.

    What Kaggle had counted by then and the ledger had not is outside kitctl; what the ledger knows
    of the time after the reading is added. Without a reading the ledger's own sum is all there is,
    and `allowed_seconds` is the limit.
    """
    own = _of_pool(uses, pool)
    kernels = _by_kernel(own)
    inside = sum(use.seconds for use in kernels)
    reading = last.pool(pool) if last else None
    outside = None
    if last and reading:
        counted = sum(use.seconds for use in own if use.ended_by(last.read_at))
        outside = max(0.0, _milliseconds(reading.used_seconds - counted))
    return Balance(
        pool=pool,
        week=week,
        used_seconds=_milliseconds(inside + (outside or 0.0)),
        reserved_seconds=0.0,
        allowed_seconds=_milliseconds(reading.allowed_seconds if reading else allowed_seconds),
        kernels=kernels,
        outside_seconds=outside,
    )


def _of_pool(uses: Iterable[RunUse], pool: str) -> Sequence[RunUse]:
    return [use for use in uses if use.pool == pool]


def _by_kernel(uses: Iterable[RunUse]) -> tuple[KernelUse, ...]:
    """Return the sum of each kernel, the largest first."""
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


def _limited(kernels: Sequence[KernelUse], used: float) -> tuple[KernelUse, ...]:
    """Return the kernels with a sum of at most `used` seconds: each gives up its share."""
    counted = sum(use.seconds for use in kernels)
    if counted <= used:
        return tuple(kernels)
    limited, rest = [], used
    for use in kernels:
        seconds = min(rest, _milliseconds(use.seconds * used / counted))
        rest = _milliseconds(rest - seconds)
        limited.append(replace(use, seconds=seconds))
    # What rounding has left.
    return (replace(limited[0], seconds=_milliseconds(limited[0].seconds + rest)), *limited[1:])


def _milliseconds(seconds: float) -> float:
    """Round seconds, so that sums of parts show no binary fractions."""
    return round(seconds, 3)
