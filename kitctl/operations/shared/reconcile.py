"""Brings the ledger up to date with Kaggle: what happened to runs while nobody watched.

Only what the ledger cannot know by itself is asked: the state of runs that had not ended, the log
of those that ended unseen, and the fate of a push that was cut off. A settled run costs no request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from kitctl.domain.run_log import facts_of_log
from kitctl.domain.runs import Run, RunRef, Status
from kitctl.domain.weeks import WEEK_SECONDS
from kitctl.errors import InvalidInput
from kitctl.operations.shared.lost_pushes import settle_lost_pushes
from kitctl.ports import Kaggle, Ledger

T = TypeVar("T")

# Requests under way at once.
AT_ONCE = 8

# The newest logs that one command reads; the rest wait for the next one.
LOGS_AT_MOST = 16

# So long after a session's limit, a run that Kaggle shows no more is surely over.
GONE_SECONDS = 3600.0


def reconcile(kaggle: Kaggle, ledger: Ledger) -> bool:
    """Settle the account's runs as far as Kaggle can tell now.

    Returns whether there was anything to ask. Raises NetworkFailed or Refused where Kaggle does not
    answer; what was learned by then is kept.
    """
    service, account = kaggle.service, kaggle.account()
    under_way = ledger.unfinished_runs(service, account)
    if under_way:
        settle_lost_pushes(kaggle, ledger)
        _poll(kaggle, ledger, [run for run in ledger.unfinished_runs(service, account) if run.ref])
    since = kaggle.now() - WEEK_SECONDS
    unheard = ledger.runs_without_log(service, account, since, limit=LOGS_AT_MOST)
    _read_logs(kaggle, ledger, unheard)
    return bool(under_way or unheard)


def _poll(kaggle: Kaggle, ledger: Ledger, runs: Sequence[Run]) -> None:
    for run, state in _asked(kaggle.status, runs):
        now = kaggle.now()
        if state is not None:
            ledger.record_status(run.id, state.status, now, state.failure_message)
        elif now > (run.pushed_at or now) + run.intent.limit_seconds + GONE_SECONDS:
            ledger.record_status(
                run.id, Status.CANCEL_ACKNOWLEDGED, now, "Kaggle shows it no more."
            )


def _read_logs(kaggle: Kaggle, ledger: Ledger, runs: Sequence[Run]) -> None:
    for run, lines in _asked(kaggle.log, runs):
        if lines is not None:
            ledger.update_facts(run.id, facts_of_log((line.time, line.text) for line in lines))


def _asked(ask: Callable[[RunRef], T], runs: Sequence[Run]) -> list[tuple[Run, T | None]]:
    """Return each run with Kaggle's answer about it, several asked for at once.

    None where Kaggle shows no such run: its kernel was deleted.
    """

    def answer(run: Run) -> T | None:
        assert run.ref is not None
        try:
            return ask(run.ref)
        except InvalidInput:
            return None

    if not runs:
        return []
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(AT_ONCE, len(runs)), "reconcile") as pool:
        return list(zip(runs, pool.map(answer, runs), strict=True))
