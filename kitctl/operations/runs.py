"""`runs`: the runs in the ledger, newest first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from kitctl.domain.runs import KernelRef, Run, Status
from kitctl.domain.weeks import moment_of
from kitctl.errors import KitError
from kitctl.operations.shared.reconcile import reconcile
from kitctl.operations.shared.reporter import Reporter
from kitctl.ports import Kaggle, Ledger


@dataclass(frozen=True)
class RunList:
    """Runs of the ledger at the time `now`, in seconds on Kaggle's clock."""

    runs: tuple[Run, ...]
    now: float

    def seconds(self, run: Run) -> float:
        """Return how long a run occupied its machine, or has been occupying it."""
        if run.started_at is None:
            return 0.0
        return max(0.0, (run.ended_at or self.now) - run.started_at)

    @property
    def accelerator_seconds(self) -> float:
        """How many accelerator seconds the listed runs used together."""
        return sum(self.seconds(run) for run in self.runs if run.intent.pool != "cpu")

    def as_data(self) -> dict[str, Any]:
        return {
            "runs": [self._row(run) for run in self.runs],
            "accelerator_seconds": self.accelerator_seconds,
        }

    def _row(self, run: Run) -> dict[str, Any]:
        times = {
            "pushed_at": run.pushed_at or run.intent.written_at,
            "started_at": run.started_at,
            "ended_at": run.ended_at,
            "pulled_at": run.pulled_at,
        }
        return {
            "run": run.name,
            "version": run.version,
            "status": run.status,
            "failure_message": run.failure_message or None,
            "accelerator": run.intent.accelerator or "cpu",
            "pool": run.intent.pool,
            "running_seconds": self.seconds(run),
            "forecast_seconds": run.intent.forecast.seconds,
            "script_sha256": run.intent.script_sha256,
            "pulled_to": run.pulled_to,
            **{name: None if at is None else moment_of(at) for name, at in times.items()},
        }


def list_runs(
    kaggle: Kaggle,
    ledger: Ledger,
    reporter: Reporter,
    *,
    kernel: KernelRef | None,
    statuses: Collection[Status] = (),
    limit: int | None = None,
) -> RunList:
    """List the runs of one kernel or of all, brought up to date where Kaggle can be reached."""
    try:
        reconcile(kaggle, ledger)
    except KitError as error:
        reporter.warn(f"{error.message} These are the runs as last seen.")
    runs = ledger.runs(kaggle.service, None, kernel=kernel, statuses=statuses, limit=limit)
    return RunList(tuple(runs), kaggle.now())
