"""This week's hours: by Kaggle's word where it gives one, else by the ledger's own sum."""

from __future__ import annotations

from collections.abc import Sequence

from kitctl.domain.accelerators import WEEKLY_LIMIT_SECONDS
from kitctl.domain.quota import QuotaReading, estimate, use_in_week
from kitctl.domain.weeks import week_of
from kitctl.errors import KitError
from kitctl.ports import Kaggle, Ledger


def read_quota(kaggle: Kaggle, ledger: Ledger) -> QuotaReading:
    """Return Kaggle's reading, which the ledger keeps, or an estimate where Kaggle gives none."""
    try:
        reading = kaggle.quota()
    except KitError:
        return estimated_quota(ledger, kaggle.service, kaggle.account(), kaggle.now())
    ledger.store_reading(kaggle.service, kaggle.account(), reading)
    return reading


def estimated_quota(ledger: Ledger, service: str, account: str, now: float) -> QuotaReading:
    """Return what the ledger alone can say: its own runs, and the limits that it last heard of."""
    kept = ledger.readings(service, account, 0.0)
    week = week_of(now, max((reading.refreshes_at or 0.0 for reading in kept), default=0.0) or None)
    runs = ledger.usage(service, account, week.start, week.end)
    uses = [use for run in runs if (use := use_in_week(run, week, now))]
    return estimate(week, now, uses, allowed_seconds(kept))


def allowed_seconds(kept: Sequence[QuotaReading]) -> dict[str, float]:
    """Return each pool's weekly limit as last read (oldest reading first), else the usual one."""
    read = {pool.name: pool.allowed_seconds for reading in kept for pool in reading.pools}
    return WEEKLY_LIMIT_SECONDS | read
