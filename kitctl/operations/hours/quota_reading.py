"""This week's hours: Kaggle's own reading, else the sum of the ledger's runs."""

from __future__ import annotations

from collections.abc import Sequence

from kitctl.domain.job.accelerators import WEEKLY_LIMIT_SECONDS
from kitctl.domain.quota.quota import QuotaReading, estimate, use_in_week
from kitctl.domain.runs.weeks import week_of
from kitctl.errors import KitError
from kitctl.ports import Kaggle, Ledger


def read_quota(kaggle: Kaggle, ledger: Ledger) -> QuotaReading:
    """Return Kaggle's reading, which the ledger stores, or an estimate where Kaggle gives none."""
    try:
        reading = kaggle.quota()
    except KitError:
        return estimated_quota(ledger, kaggle.service, kaggle.account(), kaggle.now())
    ledger.store_reading(kaggle.service, kaggle.account(), reading)
    return reading


def estimated_quota(ledger: Ledger, service: str, account: str, now: float) -> QuotaReading:
    """Return a reading made of the ledger's own runs and the limits that were last read."""
    readings = ledger.readings(service, account, 0.0)
    week = week_of(
        now, max((reading.refreshes_at or 0.0 for reading in readings), default=0.0) or None
    )
    runs = ledger.usage(service, account, week.start, week.end)
    uses = [use for run in runs if (use := use_in_week(run, week, now))]
    return estimate(week, now, uses, allowed_seconds(readings))


def allowed_seconds(readings: Sequence[QuotaReading]) -> dict[str, float]:
    """Return each pool's weekly limit as last read (oldest reading first), else the usual one."""
    last = {pool.name: pool.allowed_seconds for reading in readings for pool in reading.pools}
    return WEEKLY_LIMIT_SECONDS | last
