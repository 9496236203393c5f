"""`quota`: how many hours are left, who used them, when they come back, what still fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kitctl.domain.forecast import Accuracy, accuracy
from kitctl.domain.quota import Balance, QuotaReading, RunUse, balance, closed_balance, uses_by_week
from kitctl.domain.quota_guards import still_to_take
from kitctl.domain.runs import Forecast
from kitctl.domain.weeks import Week, last_weeks, moment_of
from kitctl.errors import KitError
from kitctl.operations.shared.next_run import NextRun
from kitctl.operations.shared.quota_reading import allowed_seconds, estimated_quota
from kitctl.operations.shared.reconcile import reconcile
from kitctl.ports import Kaggle, Ledger

# How far back it is asked how good forecasts were.
FORECASTS_JUDGED = 20


@dataclass(frozen=True)
class StillFits:
    """How often this job can still run this week; `accuracy` is of its past forecasts."""

    kernel: str
    pool: str
    forecast: Forecast
    fits: int
    accuracy: Accuracy | None


@dataclass(frozen=True)
class QuotaReport:
    """This week's books, and with `weeks` those of the weeks before, oldest first.

    `unread`: why Kaggle gave no reading, and the ledger's own sum stands in for it.
    """

    reading: QuotaReading
    balances: tuple[Balance, ...]
    weeks: tuple[tuple[Balance, ...], ...]
    runs: tuple[RunUse, ...]
    still_fits: StillFits | None
    unread: KitError | None = None

    @property
    def week(self) -> Week:
        """The week that is under way."""
        return self.reading.week

    @property
    def saved_seconds(self) -> float:
        """What watchdogs gave back this week."""
        return sum(use.saved_seconds for use in self.runs)

    def as_data(self) -> dict[str, Any]:
        """The report as machines read it."""
        outside = [one.outside_seconds for one in self.balances]
        return {
            "accelerators": [_balance_data(one) for one in self.balances],
            "resets_at": moment_of(self.week.end),
            "read_at": moment_of(self.reading.read_at),
            "source": "ledger" if self.reading.estimated else "kaggle",
            "unread_because": self.unread and self.unread.message,
            "runs": [_run_data(use) for use in self.runs],
            "outside_seconds": None if None in outside else round(sum(filter(None, outside)), 3),
            "saved_seconds": self.saved_seconds,
            "forecast": self.still_fits and _forecast_data(self.still_fits),
            "weeks": [
                {
                    "starts_at": moment_of(week[0].week.start),
                    "ends_at": moment_of(week[0].week.end),
                    "accelerators": [_balance_data(one) for one in week],
                }
                for week in self.weeks
                if week
            ],
        }


def _balance_data(one: Balance) -> dict[str, Any]:
    return {
        "name": one.pool,
        "used_seconds": one.used_seconds,
        "reserved_seconds": one.reserved_seconds,
        "allowed_seconds": one.allowed_seconds,
        "left_seconds": one.left_seconds,
        "over_seconds": one.over_seconds,
        "outside_seconds": one.outside_seconds,
        "kernels": one.kernels,
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
    *,
    job: NextRun | None = None,
    weeks: int = 1,
    early: Callable[[], QuotaReading] | None = None,
) -> QuotaReport:
    """Read this week's hours, settle who used them, and count how many more runs of `job` fit.

    `early` gives a reading that was asked for beforehand.

    Where Kaggle does not answer, or is not asked for want of credentials, the ledger's own sum is
    given and says why. Raises that failure only where it is not even known whose books to open.
    """
    service, unread = kaggle.service, None
    try:
        account, reading = _read(kaggle, ledger, early or kaggle.quota)
    except KitError as error:
        unread, known = error, ledger.last_account(service)
        if known is None:
            raise
        account, reading = known, estimated_quota(ledger, service, known, kaggle.now())

    shown = last_weeks(reading.week, weeks)
    runs = ledger.usage(service, account, shown[0].start, reading.week.end)
    kept = ledger.readings(service, account, 0.0)
    *earlier, uses = uses_by_week(runs, shown, reading.read_at)
    closed = [_closed(week, uses, kept) for week, uses in zip(shown, earlier, strict=False)]
    balances = tuple(balance(reading, pool, uses) for pool in reading.pools)
    return QuotaReport(
        reading=reading,
        balances=balances,
        weeks=(*closed, balances),
        runs=tuple(sorted(uses, key=lambda use: use.started_at, reverse=True)),
        still_fits=_still_fits(ledger, service, account, job, reading) if job else None,
        unread=unread,
    )


def _read(
    kaggle: Kaggle, ledger: Ledger, early: Callable[[], QuotaReading]
) -> tuple[str, QuotaReading]:
    """Return whose books they are, and Kaggle's reading, which is kept."""
    account = kaggle.account()
    was_behind = reconcile(kaggle, ledger)
    # Of runs that have ended since, an early reading does not know the end.
    reading = kaggle.quota() if was_behind else early()
    ledger.store_reading(kaggle.service, account, reading)
    return account, reading


def _closed(
    week: Week, uses: Sequence[RunUse], kept: Sequence[QuotaReading]
) -> tuple[Balance, ...]:
    """The books of a week that is over."""
    read = [reading for reading in kept if reading.week == week]
    return tuple(
        closed_balance(
            week, pool, uses, next((said for said in read if said.pool(pool)), None), allowed
        )
        for pool, allowed in allowed_seconds(kept).items()
    )


def _still_fits(
    ledger: Ledger, service: str, account: str, job: NextRun, reading: QuotaReading
) -> StillFits | None:
    """How many more runs of the job fit beside those under way; None if it costs no hours."""
    pool = reading.pool(job.pool)
    if pool is None:
        return None
    until_reset = reading.week.end - reading.read_at
    under_way = ledger.unfinished_runs(service, account)
    taken = still_to_take(under_way, pool, reading.read_at, until_reset)
    left = pool.unspent_seconds - taken
    kernel = job.kernel(account)
    past = ledger.past_runs(service, kernel, job.pool, limit=FORECASTS_JUDGED)
    forecast = job.forecast(past)
    expected = forecast.seconds or 0.0
    return StillFits(
        kernel=str(kernel),
        pool=job.pool,
        forecast=forecast,
        fits=max(0, int(left // expected)) if expected else 0,
        accuracy=accuracy(past),
    )
