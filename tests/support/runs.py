"""Runs as the ledger returns them, with defaults for all that a test does not care about."""

from __future__ import annotations

import itertools
from typing import Any

from kitctl.domain.quota.quota import RunOccupancy
from kitctl.domain.runs.run import Facts, Forecast, Intent, KernelRef, Run, Status
from kitctl.domain.runs.run_times import TimeSource

HOUR = 3600.0
T4X2 = "NvidiaTeslaT4"

UNKNOWN = Facts()

_ids = itertools.count(1)


def intent(**fields: Any) -> Intent:
    """Return an intent to push the kernel `ada/cars` to a GPU; `fields` replace the defaults."""
    usual: dict[str, Any] = {
        "service": "kaggle",
        "account": "ada",
        "kernel": KernelRef("ada", "cars"),
        "script_sha256": "0" * 64,
        "source_sha256": "0" * 64,
        "newest_before": 0,
        "accelerator": T4X2,
        "pool": "gpu",
        "limit_seconds": 12 * HOUR,
        "written_at": 0.0,
    }
    return Intent(**usual | fields)


def forecast(seconds: float, *, spread: float = 0.0) -> Forecast:
    """Return a forecast from past runs."""
    return Forecast(
        seconds=seconds, low_seconds=seconds - spread, high_seconds=seconds + spread, basis="past"
    )


def run(
    started_at: float | None = None,
    ended_at: float | None = None,
    *,
    kernel: str = "ada/cars",
    status: Status = Status.COMPLETE,
    facts: Facts = UNKNOWN,
    version: int | None = -1,
    time_source: str | None = "watched",
    pushed_at: float | None = None,
    **fields: Any,
) -> Run:
    """Return a run that occupied its machine in that time; `fields` are those of its intent."""
    number = next(_ids)
    return Run(
        id=number,
        intent=intent(kernel=KernelRef.parse(kernel), **fields),
        version=number if version == -1 else version,
        status=status,
        pushed_at=started_at if pushed_at is None else pushed_at,
        started_at=started_at,
        ended_at=ended_at,
        time_source=time_source if started_at is not None else None,
        facts=facts,
    )


def occupancy(run: Run) -> RunOccupancy:
    """Return the run as the quota needs it."""
    return RunOccupancy(
        run.id,
        run.name,
        str(run.intent.kernel),
        run.intent.pool,
        run.status,
        run.started_at,
        run.ended_at,
        run.intent.limit_seconds,
        TimeSource(run.time_source or TimeSource.BOUNDS),
        run.facts.saved_seconds or 0.0,
    )
