"""One run's state, as Kaggle reports it now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from kitctl.domain.runs.run import Run, RunRef, Status
from kitctl.domain.runs.weeks import moment_of
from kitctl.errors import InvalidInput, KitError, NextCommand, RunCancelled, RunFailed
from kitctl.operations.watching.find_run import TargetRun
from kitctl.ports import Kaggle, Ledger, PolledStatus

# A message that adds nothing to the error in the log.
_ONLY_A_CODE = re.compile(r"[\w ]*\b(exit|exited|ended)\b[\w ]*code:? *\d+\.?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """One run's state at the time `now`, in seconds on Kaggle's clock.

    `record` is what the ledger holds of it; None where it was not pushed from here. Where Kaggle
    does not show the run (yet), `is_shown` is False and the state is the ledger's. `error_line` is
    the line of a failed run's log that says why, "" where none does or it was not read.
    """

    ref: RunRef
    status: Status
    failure_message: str
    now: float
    record: Run | None
    is_shown: bool = True
    error_line: str = ""

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
        return self.record.machine_seconds_at(self.now) if self.record else None

    @property
    def failure(self) -> KitError | None:
        """The error that the command exits with; None for a run that continues or succeeded."""
        is_said = bool(self.error_line) and self.error_line not in self.failure_message
        cause = f": {_as_sentence(self.error_line)}" if is_said else "."
        says_more = self.failure_message and not (
            is_said and _ONLY_A_CODE.fullmatch(self.failure_message)
        )
        reason = f' Kaggle says: "{self.failure_message}"' if says_more else ""
        hint = NextCommand("pull-results", "RUN", "its log and what it left", str(self.ref))
        if self.status is Status.NEW_SCRIPT and self.failure_message:
            return RunFailed(
                f"{self.ref} never ran. {self.failure_message}",
                code="never_started",
                hint=NextCommand("push", note="pushes it once more"),
            )
        if self.status.failed:
            return RunFailed(f"The run {self.ref} failed{cause}{reason}", hint=hint)
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
            "error_line": self.error_line or None,
            "is_shown": self.is_shown,
            "queued_seconds": self.queued_seconds,
            "running_seconds": self.running_seconds,
            "accelerator": record.intent.accelerator or "cpu" if record else None,
            "time_source": record and record.time_source,
            **{name: at and moment_of(at) for name, at in times.items()},
        }


def _as_sentence(line: str) -> str:
    return line if line.endswith((".", "!", "?")) else f"{line}."


def read_status(target: TargetRun, kaggle: Kaggle, ledger: Ledger) -> RunStatus:
    """Poll the run's state at Kaggle and record it in the ledger.

    For minutes after a push Kaggle may not show a run. One that was pushed from here then has the
    state that the ledger knows, until it is certain that there is no such run.

    Raises InvalidInput where Kaggle shows no such run, and it was not pushed from here.
    """
    record = target.record
    try:
        polled = kaggle.status(target.ref)
    except InvalidInput as error:
        if record is not None and record.status is Status.NEW_SCRIPT:
            raise InvalidInput(
                f"{target.ref} was saved without running it.",
                code="not_run",
                hint=NextCommand("push", note="runs it"),
            ) from None
        if record is None or error.code != "not_found":
            raise
        record = record_poll(record, None, kaggle, ledger)
        return RunStatus(
            ref=target.ref,
            status=record.status,
            failure_message=record.failure_message,
            now=kaggle.now(),
            record=record,
            is_shown=False,
        )
    if record is not None:
        record = record_poll(record, polled, kaggle, ledger)
    return RunStatus(
        ref=target.ref,
        status=polled.status,
        failure_message=polled.failure_message,
        now=kaggle.now(),
        record=record,
    )


def record_poll(run: Run, polled: PolledStatus | None, kaggle: Kaggle, ledger: Ledger) -> Run:
    """Record Kaggle's answer to a poll; None is a run that it does not show."""
    now = kaggle.now()
    if polled is not None:
        return ledger.record_status(run.id, polled.status, now, polled.failure_message)
    run = ledger.record_missing(run.id, now)
    if run.status.ended or not run.is_gone(now):
        return run
    missing_since = now if run.missing_since is None else run.missing_since
    if run.started_at is None and run.ref is not None and kaggle.version(run.ref) is not None:
        return ledger.record_status(
            run.id, Status.NEW_SCRIPT, missing_since, "Kaggle has its source, and no run of it."
        )
    return ledger.record_status(
        run.id, Status.CANCEL_ACKNOWLEDGED, missing_since, "Kaggle shows it no more."
    )
