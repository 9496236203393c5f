"""`quota`: hours used and left, by which runs, until the reset, and how many runs still fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kitctl.domain.quota.forecast import Accuracy, accuracy
from kitctl.domain.quota.group_use import GroupUse, groups_in_week
from kitctl.domain.quota.quota import (
    Balance,
    QuotaReading,
    RunUse,
    closed_balance,
    current_balance,
    uses_by_week,
)
from kitctl.domain.quota.quota_guards import still_to_take
from kitctl.domain.runs.run import Forecast
from kitctl.domain.runs.weeks import Week, last_weeks, moment_of
from kitctl.errors import KitError
from kitctl.operations.hours.next_run import NextRun
from kitctl.operations.hours.quota_reading import allowed_seconds, estimated_quota
from kitctl.operations.watching.reconcile import reconcile
from kitctl.ports import Kaggle, Ledger, Reporter

# The past runs whose forecasts are rated.
RATED_RUNS = 20


@dataclass(frozen=True)
class StillFits:
    """How many more runs of this job fit into the week, and how good its past forecasts were."""

    kernel: str
    pool: str
    forecast: Forecast
    fits: int
    accuracy: Accuracy | None


@dataclass(frozen=True)
class QuotaReport:
    """This week's balances, and with `weeks` those of the weeks before, oldest first.

    `unread` is the error where Kaggle gave no reading and the ledger's own sum is used.
    """

    reading: QuotaReading
    balances: tuple[Balance, ...]
    weeks: tuple[tuple[Balance, ...], ...]
    runs: tuple[RunUse, ...]
    still_fits: StillFits | None
    groups: tuple[GroupUse, ...] = ()
    unread: KitError | None = None

    @property
    def week(self) -> Week:
        """The current week."""
        return self.reading.week

    @property
    def saved_seconds(self) -> float:
        """What runs that stopped early saved this week."""
        return sum(use.saved_seconds for use in self.runs)

    def as_data(self) -> dict[str, Any]:
        outside = [balance.outside_seconds for balance in self.balances]
        return {
            "accelerators": [_balance_data(balance) for balance in self.balances],
            "resets_at": moment_of(self.week.end),
            "read_at": moment_of(self.reading.read_at),
            "source": "ledger" if self.reading.estimated else "kaggle",
            "unread_because": self.unread and self.unread.message,
            "runs": [_run_data(use) for use in self.runs],
            "outside_seconds": None if None in outside else round(sum(filter(None, outside)), 3),
            "saved_seconds": self.saved_seconds,
            "groups": [_group_data(group) for group in self.groups],
            "forecast": self.still_fits and _forecast_data(self.still_fits),
            "weeks": [
                {
                    "starts_at": moment_of(week[0].week.start),
                    "ends_at": moment_of(week[0].week.end),
                    "accelerators": [_balance_data(balance) for balance in week],
                }
                for week in self.weeks
                if week
            ],
        }


def _balance_data(balance: Balance) -> dict[str, Any]:
    return {
        "name": balance.pool,
        "used_seconds": balance.used_seconds,
        "reserved_seconds": balance.reserved_seconds,
        "allowed_seconds": balance.allowed_seconds,
        "left_seconds": balance.left_seconds,
        "over_seconds": balance.over_seconds,
        "outside_seconds": balance.outside_seconds,
        "kernels": balance.kernels,
    }


def _run_data(use: RunUse) -> dict[str, Any]:
    return {
        "run": use.run,
        "kernel": use.kernel,
        "accelerator": use.pool,
        "status": use.status,
        "started_at": moment_of(use.started_at),
        "ended_at": None if use.ended_at is None else moment_of(use.ended_at),
        "seconds": use.seconds,
        "total_seconds": use.total_seconds,
        "time_source": use.time_source,
        "saved_seconds": use.saved_seconds,
    }


def _group_data(group: GroupUse) -> dict[str, Any]:
    return {
        "kind": group.key.kind,
        "id": group.key.id,
        "kernel": group.last.kernel,
        "accelerator": group.last.pool,
        "sessions": group.sessions,
        "status": group.last.status,
        "seconds": group.seconds,
        "total_seconds": group.total_seconds,
        "last_run": group.last.run,
    }


def _forecast_data(still: StillFits) -> dict[str, Any]:
    return {
        "kernel": still.kernel,
        "accelerator": still.pool,
        "run_seconds": still.forecast.seconds,
        "low_seconds": still.forecast.low_seconds,
        "high_seconds": still.forecast.high_seconds,
        "basis": still.forecast.basis,
        "fits": still.fits,
        "accuracy": still.accuracy,
    }


def show_quota(
    kaggle: Kaggle,
    ledger: Ledger,
    reporter: Reporter,
    *,
    job: NextRun | None = None,
    weeks: int = 1,
    prefetched: Callable[[], QuotaReading] | None = None,
) -> QuotaReport:
    """Read this week's hours, find the runs that used them, and count how many of `job` still fit.

    `prefetched` returns a reading that was requested beforehand.

    Where Kaggle does not answer, or there are no credentials, the report has the ledger's own sum
    and that failure. Raises it only where not even the account is known.
    """
    service, unread = kaggle.service, None
    try:
        account, reading = _read(kaggle, ledger, reporter, prefetched or kaggle.quota)
    except KitError as error:
        unread, last_account = error, ledger.last_account(service)
        if last_account is None:
            raise
        account = last_account
        reading = estimated_quota(ledger, service, account, kaggle.now())

    shown = last_weeks(reading.week, weeks)
    runs = ledger.usage(service, account, shown[0].start, reading.week.end)
    readings = ledger.readings(service, account, 0.0)
    *earlier, uses = uses_by_week(runs, shown, reading.read_at)
    closed = [
        _closed_balances(week, uses, readings) for week, uses in zip(shown, earlier, strict=False)
    ]
    balances = tuple(current_balance(reading, pool, uses) for pool in reading.pools)
    return QuotaReport(
        reading=reading,
        balances=balances,
        weeks=(*closed, balances),
        runs=tuple(sorted(uses, key=lambda use: use.started_at, reverse=True)),
        groups=_groups(uses, ledger, service, reading.read_at),
        still_fits=_still_fits(ledger, service, account, job, reading) if job else None,
        unread=unread,
    )


def _read(
    kaggle: Kaggle, ledger: Ledger, reporter: Reporter, prefetched: Callable[[], QuotaReading]
) -> tuple[str, QuotaReading]:
    """Return the account and Kaggle's reading, which the ledger stores."""
    account = kaggle.account()
    was_behind = reconcile(kaggle, ledger, reporter)
    # A prefetched reading may be older than the end of runs that have ended since.
    reading = kaggle.quota() if was_behind else prefetched()
    ledger.store_reading(kaggle.service, account, reading)
    return account, reading


def _closed_balances(
    week: Week, uses: Sequence[RunUse], readings: Sequence[QuotaReading]
) -> tuple[Balance, ...]:
    """Return the balances of a past week."""
    in_week = [reading for reading in readings if reading.week == week]
    return tuple(
        closed_balance(
            week,
            pool,
            uses,
            next((reading for reading in in_week if reading.pool(pool)), None),
            allowed,
        )
        for pool, allowed in allowed_seconds(readings).items()
    )


def _groups(
    uses: Sequence[RunUse], ledger: Ledger, service: str, now: float
) -> tuple[GroupUse, ...]:
    """Return the groups that used hours of the week, with what all of their runs took."""
    keys = {use.group for use in uses if use.group}
    return groups_in_week(uses, ledger.group_usage(service, keys), now) if keys else ()


def _still_fits(
    ledger: Ledger, service: str, account: str, job: NextRun, reading: QuotaReading
) -> StillFits | None:
    """Count the runs of the job that fit beside those under way; None if it costs no hours."""
    pool = reading.pool(job.pool)
    if pool is None:
        return None
    until_reset = reading.week.end - reading.read_at
    under_way = ledger.unfinished_runs(service, account)
    pending_seconds = still_to_take(under_way, pool, reading.read_at, until_reset)
    left = pool.unspent_seconds - pending_seconds
    kernel = job.kernel(account, service)
    past = ledger.past_runs(service, kernel, job.pool, limit=RATED_RUNS)
    forecast = job.forecast(past)
    expected = forecast.seconds or 0.0
    return StillFits(
        kernel=str(kernel),
        pool=job.pool,
        forecast=forecast,
        fits=max(0, int(left // expected)) if expected else 0,
        accuracy=accuracy(past),
    )
