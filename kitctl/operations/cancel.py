"""`cancel`: stop a run, and say how much of the week's hours that saves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kitctl.domain.quota.quota_guards import saved_by_cancelling
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.run_status import RunStatus, read_status
from kitctl.operations.watching.stop_run import USUAL_TIMES, StopTimes, stop_run
from kitctl.ports import Clock, Kaggle, Ledger, Reporter


@dataclass(frozen=True)
class CancelResult:
    """A run that was stopped, or had ended before."""

    status: RunStatus
    given_back_seconds: float

    def as_data(self) -> dict[str, Any]:
        return {**self.status.as_data(), "given_back_seconds": self.given_back_seconds}


def cancel(
    target: TargetRun,
    kaggle: Kaggle,
    ledger: Ledger,
    clock: Clock,
    reporter: Reporter,
    *,
    times: StopTimes = USUAL_TIMES,
) -> CancelResult:
    """Stop the run, unless it has ended, and wait until it has.

    Raises Refused where Kaggle does not stop it or its session's id is not known, NetworkFailed
    where it has not ended in time.
    """
    before = read_status(target, kaggle, ledger)
    if before.status.ended:
        return CancelResult(before, 0.0)
    saved = saved_by_cancelling(before.record, before.now) if before.record else 0.0
    after = stop_run(target, kaggle, ledger, clock, reporter, times=times)
    return CancelResult(after, saved if after.status.cancelled else 0.0)
