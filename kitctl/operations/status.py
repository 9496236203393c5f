"""The state of one run."""

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
    """One run now; times are seconds on Kaggle's clock, None where the ledger does not know."""

    ref: RunRef
    status: Status
    failure_message: str
    now: float
    record: Run | None

    @property
    def queued_seconds(self) -> float | None:
        """How long it waited, or has been waiting, for its machine."""
        if self.record is None or self.record.pushed_at is None:
            return None
        until = self.record.started_at or self.record.ended_at or self.now
        return max(0.0, until - self.record.pushed_at)

    @property
    def running_seconds(self) -> float | None:
        """How long it held its machine, or has been holding it."""
        if self.record is None:
            return None
        if self.record.started_at is None:
            return 0.0
        return max(0.0, (self.record.ended_at or self.now) - self.record.started_at)

    @property
    def failure(self) -> KitError | None:
        """What it means for the exit code; None for a run that goes on or ended well."""
        words = f' Kaggle says: "{self.failure_message}"' if self.failure_message else ""
        version = self.ref.version
        hint = NextCommand("pull-results", f"{version}", "its log and what it left")
        if self.status.failed:
            return RunFailed(f"The run {self.ref} failed.{words}", hint=hint)
        if self.status.cancelled:
            return RunCancelled(
                f"The run {self.ref} was cancelled or ran out of time.{words}", hint=hint
            )
        return None

    def as_data(self) -> dict[str, Any]:
        known = self.record
        times = {
            "pushed_at": known and known.pushed_at,
            "started_at": known and known.started_at,
            "ended_at": known and known.ended_at,
        }
        return {
            "run": str(self.ref),
            "version": self.ref.version,
            "status": self.status,
            "failure_message": self.failure_message or None,
            "queued_seconds": self.queued_seconds,
            "running_seconds": self.running_seconds,
            "accelerator": known.intent.accelerator or "cpu" if known else None,
            "time_source": known and known.time_source,
            **{name: at and moment_of(at) for name, at in times.items()},
        }


def read_status(found: TargetRun, kaggle: Kaggle, ledger: Ledger) -> RunStatus:
    """Asks Kaggle, and lets the ledger know."""
    state = kaggle.status(found.ref)
    now = kaggle.now()
    known = found.record
    if known is not None:
        known = ledger.record_status(known.id, state.status, now, state.failure_message)
    return RunStatus(
        ref=found.ref,
        status=state.status,
        failure_message=state.failure_message,
        now=now,
        record=known,
    )
