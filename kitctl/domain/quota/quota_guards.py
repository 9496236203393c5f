"""Guards against a push that does not fit into the week's hours or the account's sessions.

A guard is called with the runs that have not ended, while the ledger is locked: of two pushes at
once the second sees the intent of the first, so never do both pass where only one fits. It raises
Refused or returns warnings. Runs on the CPU cost nothing and are never refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kitctl.domain.job.accelerators import POOL_NAMES, SESSIONS_AT_ONCE
from kitctl.domain.quota.forecast import TIMEOUT, epochs_that_fit
from kitctl.domain.quota.quota import PoolReading, QuotaReading
from kitctl.domain.runs import durations
from kitctl.domain.runs.run import Intent, Run, Status
from kitctl.errors import NextCommand, Refused

Guard = Callable[[Sequence[Run]], Sequence[str]]

_ESTIMATED = (
    "Kaggle did not say what is left of the week; this was judged by the runs pushed from here, "
    "without interactive sessions."
)


def quota_guard(
    intent: Intent, reading: QuotaReading, now: float, past: Sequence[Run] = ()
) -> Guard:
    """Return the guard that refuses a run which cannot finish in what is left of the week.

    `reading` was taken before the ledger was locked; `now` is Kaggle's clock. Of a run that lasts
    beyond the reset, only the part before it counts. `past` runs say how many epochs fit.
    """

    def guard(pending: Sequence[Run]) -> Sequence[str]:
        pool = reading.pool(intent.pool)
        if intent.pool not in POOL_NAMES or pool is None:
            return []
        until_reset = reading.week.end - now
        pending_seconds = still_to_take(pending, pool, now, until_reset)
        left = pool.unspent_seconds - pending_seconds
        if min(_expected(intent), until_reset) > left:
            raise _does_not_fit(intent, max(0.0, left), pending_seconds, until_reset, past)
        estimated = [_ESTIMATED] if reading.estimated else []
        return [*estimated, *_warnings(intent, left, until_reset)]

    return guard


def sessions_guard(intent: Intent) -> Guard:
    """Return the guard that refuses a run where as many as Kaggle allows have not ended."""

    def guard(pending: Sequence[Run]) -> Sequence[str]:
        busy = [run for run in pending if run.intent.pool == intent.pool]
        allowed = SESSIONS_AT_ONCE.get(intent.pool)
        if allowed is None or len(busy) < allowed:
            return []
        names = " and ".join(run.name for run in busy)
        raise Refused(
            f"Kaggle runs at most {allowed} {POOL_NAMES[intent.pool]} "
            f"{'session' if allowed == 1 else 'sessions'} at once, and {names} "
            f"{'has' if len(busy) == 1 else 'have'} not ended; nothing was sent.",
            code="sessions_full",
            hint=(
                "Wait (`",
                NextCommand("wait", busy[0].name),
                "`), cancel one (`",
                NextCommand("cancel", busy[0].name),
                "`), or push all the same with --force.",
            ),
        )

    return guard


def _expected(intent: Intent) -> float:
    return intent.limit_seconds if intent.forecast.seconds is None else intent.forecast.seconds


def _remaining(run: Run, now: float) -> float:
    """Return how much longer a run is expected to occupy its machine."""
    if run.status is Status.QUEUED or run.started_at is None:
        return _expected(run.intent)
    return max(0.0, _expected(run.intent) - (now - run.started_at))


def still_to_take(
    pending: Sequence[Run], pool: PoolReading, now: float, until_reset: float
) -> float:
    """Return the seconds of this week that the pending runs need beyond what is reserved.

    Runs that are queued, or about to be sent, are in no reading yet. Of running ones the time up to
    now is reserved; where Kaggle reserves the whole session limits, they need nothing more.
    """
    runs = [run for run in pending if run.intent.pool == pool.name]
    running = [run for run in runs if run.started_at is not None]
    if running and pool.reserved_seconds >= sum(run.intent.limit_seconds for run in running):
        runs = [run for run in runs if run.started_at is None]
    return sum(min(_remaining(run, now), until_reset) for run in runs)


def _does_not_fit(
    intent: Intent, left: float, pending_seconds: float, until_reset: float, past: Sequence[Run]
) -> Refused:
    without_past = intent.forecast.basis == TIMEOUT
    may = "may take up to" if without_past else "is expected to take"
    is_left = (
        f"{durations.describe(left)} of this week's are left" if left >= 1 else "nothing is left"
    )
    others = (
        f" beside the {durations.describe(pending_seconds)} of runs under way"
        if pending_seconds
        else ""
    )
    ways = []
    if without_past and left >= 60:
        ways.append(f"end it in time with `--timeout {durations.option(left)}`")
    elif epochs := epochs_that_fit(intent, past, left):
        ways.append(f"push with `--set epochs={epochs}`, which fits")
    ways += [
        f"wait {durations.describe(until_reset)} for the reset",
        "push all the same with --force",
    ]
    hint = f"{', '.join(ways[:-1])}, or {ways[-1]}."
    return Refused(
        f"This run {may} {durations.describe(_expected(intent))} of {POOL_NAMES[intent.pool]} "
        f"time, and {is_left}{others}; nothing was sent.",
        code="quota_exceeded",
        hint=hint[0].upper() + hint[1:],
    )


def _warnings(intent: Intent, left: float, until_reset: float) -> list[str]:
    forecast = intent.forecast
    warnings = []
    if until_reset < _expected(intent):
        warnings.append(
            f"The week resets in {durations.describe(until_reset)}, within this run: it counts in "
            f"both weeks, each its share."
        )
    elif min(intent.limit_seconds, until_reset) > left:
        warnings.append(
            f"Should this run hang, it takes all {durations.describe(left)} that are left: Kaggle "
            f"ends it only after {durations.describe(intent.limit_seconds)}. "
            f"`--timeout {durations.option(left)}` or less prevents that."
        )
    if forecast.high_seconds is not None and forecast.basis != TIMEOUT:
        if min(forecast.high_seconds, until_reset) > left:
            warnings.append(
                "It may not finish: by past runs it takes up to "
                f"{durations.describe(forecast.high_seconds)}, and {durations.describe(left)} are "
                "left."
            )
        if forecast.high_seconds >= intent.limit_seconds:
            warnings.append(
                f"Kaggle ends it after {durations.describe(intent.limit_seconds)}, which past runs "
                f"come close to; its partial output is kept."
            )
    return warnings


def saved_by_cancelling(run: Run, now: float) -> float:
    """Return the seconds of quota that cancelling a run now is expected to save."""
    if run.status.ended or run.intent.pool not in POOL_NAMES:
        return 0.0
    return _remaining(run, now)
