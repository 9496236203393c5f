"""One run's state, as Kaggle reports it now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kitctl.domain.runs import Run, RunRef, Status
from kitctl.domain.weeks import moment_of
from kitctl.errors import KitError, NextCommand, RunCancelled, RunFailed
from kitctl.operations.shared.find_run import TargetRun
from kitctl.ports import Kaggle, Ledger


@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """One run's state at the time `now`, in seconds on Kaggle's clock.

    `record` is what the ledger holds of it; None where it was not pushed from here.
    """

    ref: RunRef
    status: Status
    failure_message: str
    now: float
    record: Run | None

    @property
    def queued_seconds(self) -> float | None:
        """How long the run waited, or has been waiting, for its machine."""
        if self.record is None or self.record.pushed_at is None:
            return None
        until = self.record.started_at or self.record.ended_at or self.now
        return max(0.0, until - self.record.pushed_at)

    @property
    def running_seconds(self) -> float | None:
        """How long the run occupied its machine, or has been occupying it."""
        if self.record is None:
            return None
        if self.record.started_at is None:
            return 0.0
        return max(0.0, (self.record.ended_at or self.now) - self.record.started_at)

    @property
    def failure(self) -> KitError | None:
        """The error that the command exits with; None for a run that continues or succeeded."""
        reason = f' Kaggle says: "{self.failure_message}"' if self.failure_message else ""
        hint = NextCommand("pull-results", f"{self.ref.version}", "its log and what it left")
        if self.status.failed:
            return RunFailed(f"The run {self.ref} failed.{reason}", hint=hint)
        if self.status.cancelled:
            return RunCancelled(
                f"The run {self.ref} was cancelled or ran out of time.{reason}", hint=hint
            )
        return None

    def as_data(self) -> dict[str, Any]:
        record = self.record
        times = {
            "pushed_at": record and record.pushed_at,
            "started_at": record and record.started_at,
            "ended_at": record and record.ended_at,
        }
        return {
            "run": str(self.ref),
            "version": self.ref.version,
            "status": self.status,
            "failure_message": self.failure_message or None,
            "queued_seconds": self.queued_seconds,
            "running_seconds": self.running_seconds,
            "accelerator": record.intent.accelerator or "cpu" if record else None,
            "time_source": record and record.time_source,
            **{name: at and moment_of(at) for name, at in times.items()},
        }


def read_status(target: TargetRun, kaggle: Kaggle, ledger: Ledger) -> RunStatus:
    """Poll the run's state at Kaggle and record it in the ledger."""
    polled = kaggle.status(target.ref)
    now = kaggle.now()
    record = target.record
    if record is not None:
        record = ledger.record_status(record.id, polled.status, now, polled.failure_message)
    return RunStatus(
        ref=target.ref,
        status=polled.status,
        failure_message=polled.failure_message,
        now=now,
        record=record,
    )
