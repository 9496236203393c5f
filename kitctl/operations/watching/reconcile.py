"""Bring the ledger up to date with Kaggle: what happened to runs since the last call.

Only what the ledger does not know is requested: the state of runs that had not ended, log and
run.json of those that ended unwatched, and the fate of an interrupted push. A run that is fully
known costs no request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from kitctl.domain.runs.run import Run
from kitctl.domain.runs.weeks import WEEK_SECONDS
from kitctl.errors import InvalidInput
from kitctl.operations.watching.lost_pushes import settle_lost_pushes
from kitctl.operations.watching.run_facts import read_facts
from kitctl.operations.watching.run_status import record_poll
from kitctl.ports import Kaggle, Ledger, PolledStatus, Reporter

T = TypeVar("T")

# Requests sent at once.
REQUESTS_AT_ONCE = 8

# How many logs one command reads, the newest first; the others wait for the next command.
LOGS_A_CALL = 16


def reconcile(kaggle: Kaggle, ledger: Ledger, reporter: Reporter) -> bool:
    """Update the account's runs in the ledger; return whether anything had to be requested.

    Raises NetworkFailed or Refused where Kaggle does not answer; what was recorded by then stays.
    """
    service, account = kaggle.service, kaggle.account()
    unfinished = ledger.unfinished_runs(service, account)
    if unfinished:
        settle_lost_pushes(kaggle, ledger, reporter)
        _poll(kaggle, ledger, [run for run in ledger.unfinished_runs(service, account) if run.ref])
    since = kaggle.now() - WEEK_SECONDS
    without_log = ledger.runs_without_log(service, account, since, limit=LOGS_A_CALL)
    _read_facts(kaggle, ledger, without_log)
    return bool(unfinished or without_log)


def _poll(kaggle: Kaggle, ledger: Ledger, runs: Sequence[Run]) -> None:
    def status(run: Run) -> PolledStatus:
        assert run.ref is not None
        return kaggle.status(run.ref)

    for run, polled in _request_each(status, runs):
        record_poll(run, polled, kaggle, ledger)


def _read_facts(kaggle: Kaggle, ledger: Ledger, runs: Sequence[Run]) -> None:
    for run, known in _request_each(lambda run: read_facts(run, kaggle), runs):
        if known is not None:
            ledger.update_facts(run.id, known)


def _request_each(request: Callable[[Run], T], runs: Sequence[Run]) -> list[tuple[Run, T | None]]:
    """Return each run with Kaggle's answer, several requested at once.

    The answer is None where Kaggle shows no such run: its kernel was deleted.
    """

    def answer(run: Run) -> T | None:
        try:
            return request(run)
        except InvalidInput:
            return None

    if not runs:
        return []
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(REQUESTS_AT_ONCE, len(runs)), "reconcile") as pool:
        return list(zip(runs, pool.map(answer, runs), strict=True))
