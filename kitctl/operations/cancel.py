"""Stopping a run, and seeing that it stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kitctl.domain.quota_guards import saved_by_cancelling
from kitctl.domain.runs import Facts
from kitctl.errors import NetworkFailed, NextCommand, Refused
from kitctl.operations.shared.find_run import TargetRun
from kitctl.operations.shared.reporter import Reporter
from kitctl.operations.shared.watch import SESSION
from kitctl.operations.status import RunStatus, read_status
from kitctl.ports import Clock, Kaggle, Ledger

# Seconds: for the session's id to show up in the log, for the run to stop, and between two looks.
ID_SECONDS = 60.0
STOP_SECONDS = 120.0
LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class CancelResult:
    """A run that was stopped, or had ended before."""

    status: RunStatus
    given_back_seconds: float

    def as_data(self) -> dict[str, Any]:
        return {**self.status.as_data(), "given_back_seconds": self.given_back_seconds}


def cancel(
    found: TargetRun, kaggle: Kaggle, ledger: Ledger, clock: Clock, reporter: Reporter
) -> CancelResult:
    """Stops the run and waits until it has ended.

    Raises Refused where Kaggle does not stop it, or where its session cannot be named.
    """
    status = read_status(found, kaggle, ledger)
    if status.status.ended:
        return CancelResult(status, 0.0)
    saved = saved_by_cancelling(status.record, status.now) if status.record else 0.0
    with reporter.progress(f"Cancelling {found.ref}"):
        kaggle.cancel(_session_id(found, kaggle, ledger, clock))
        status = _until_ended(found, kaggle, ledger, clock)
    return CancelResult(status, saved if status.status.cancelled else 0.0)


def _until_ended(found: TargetRun, kaggle: Kaggle, ledger: Ledger, clock: Clock) -> RunStatus:
    begun = clock.monotonic()
    while True:
        status = read_status(found, kaggle, ledger)
        if status.status.ended:
            return status
        if clock.monotonic() - begun > STOP_SECONDS:
            raise NetworkFailed(
                f"Kaggle took the request, but {found.ref} is still {status.status}.",
                code="still_running",
                hint=NextCommand("wait", f"{found.ref.version}"),
            )
        clock.sleep(LOOK_SECONDS)


def _session_id(found: TargetRun, kaggle: Kaggle, ledger: Ledger, clock: Clock) -> int:
    """The session's id, which only the run itself tells: in one of its log's first lines."""
    if found.record and found.record.facts.session_id is not None:
        return found.record.facts.session_id
    begun = clock.monotonic()
    while True:
        for line in kaggle.log_so_far(found.ref):
            session = SESSION.fullmatch(line.text)
            if session:
                if found.record:
                    ledger.update_facts(found.record.id, Facts(session_id=int(session[1])))
                return int(session[1])
        if clock.monotonic() - begun > ID_SECONDS:
            raise Refused(
                f"{found.ref} has not told the id of its session, without which Kaggle cancels"
                " nothing; it goes on.",
                code="no_session_id",
                hint="Try again once it runs, or stop it on its page at kaggle.com."
                " A job of your own tells it by printing `session <id>`: the number in the"
                " environment variable KAGGLE_CONTAINER_NAME.",
            )
        clock.sleep(LOOK_SECONDS)
