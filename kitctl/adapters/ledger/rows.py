"""Convert the ledger's rows to the domain's types, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from kitctl.domain.quota.quota import PoolReading, QuotaReading, RunOccupancy
from kitctl.domain.runs.groups import GroupKey, group_of_run
from kitctl.domain.runs.run import (
    NOT_SHOWN_SECONDS,
    Facts,
    Forecast,
    GitState,
    Intent,
    KernelRef,
    Run,
    Status,
)
from kitctl.domain.runs.run_times import Evidence, TimeSource


def columns(intent: Intent) -> dict[str, Any]:
    """Return the columns of a new run."""
    return {
        "service": intent.service,
        "account": intent.account,
        "owner": intent.kernel.owner,
        "slug": intent.kernel.slug,
        "script_sha256": intent.script_sha256,
        "source_sha256": intent.source_sha256,
        "newest_before": intent.newest_before,
        "accelerator": intent.accelerator,
        "pool": intent.pool,
        "packed": intent.is_packed,
        "settings": json.dumps(dict(intent.settings)),
        "sources": json.dumps(intent.sources),
        "timeout_seconds": intent.timeout_seconds,
        "limit_seconds": intent.limit_seconds,
        "epochs": intent.epochs,
        "forecast_seconds": intent.forecast.seconds,
        "forecast_low_seconds": intent.forecast.low_seconds,
        "forecast_high_seconds": intent.forecast.high_seconds,
        "forecast_basis": intent.forecast.basis,
        "arguments": json.dumps(intent.arguments),
        "environment": json.dumps(dict(intent.environment)),
        "source_versions": json.dumps(dict(intent.source_versions)),
        "git_commit": intent.git.commit if intent.git else None,
        "git_dirty": intent.git.dirty if intent.git else None,
        "intent_at": intent.written_at,
        "run_group": _group_text(intent),
        "job_kernel": str(intent.job_kernel) if intent.job_kernel else None,
        "name": intent.name,
        "message": intent.message,
        "sending_until": intent.written_at + NOT_SHOWN_SECONDS,
    }


def run(row: sqlite3.Row) -> Run:
    """Return the run of a row with every column."""
    return Run(
        id=row["id"],
        intent=Intent(
            service=row["service"],
            account=row["account"],
            kernel=KernelRef(row["owner"], row["slug"]),
            script_sha256=row["script_sha256"],
            source_sha256=row["source_sha256"],
            newest_before=row["newest_before"],
            accelerator=row["accelerator"],
            pool=row["pool"],
            is_packed=bool(row["packed"]),
            settings=json.loads(row["settings"]),
            sources=tuple(json.loads(row["sources"])),
            timeout_seconds=row["timeout_seconds"],
            limit_seconds=row["limit_seconds"],
            epochs=row["epochs"],
            forecast=Forecast(
                seconds=row["forecast_seconds"],
                low_seconds=row["forecast_low_seconds"],
                high_seconds=row["forecast_high_seconds"],
                basis=row["forecast_basis"],
            ),
            arguments=tuple(json.loads(row["arguments"])),
            environment=json.loads(row["environment"]),
            source_versions=json.loads(row["source_versions"]),
            git=_git_state(row["git_commit"], row["git_dirty"]),
            written_at=row["intent_at"],
            job_kernel=KernelRef(*row["job_kernel"].split("/")) if row["job_kernel"] else None,
            name=row["name"],
            message=row["message"],
        ),
        version=row["version"],
        status=Status(row["status"]),
        failure_message=row["failure_message"],
        sending_until=row["sending_until"],
        pushed_at=row["pushed_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        time_source=row["time_source"],
        missing_since=row["missing_since"],
        facts=Facts(**{field.name: row[field.name] for field in fields(Facts)}),
        pulled_at=row["pulled_at"],
        pulled_to=row["pulled_to"],
    )


def _group_text(intent: Intent) -> str | None:
    group = group_of_run(intent.environment)
    return None if group is None else str(group)


def _git_state(commit: str | None, dirty: int | None) -> GitState | None:
    if commit is None:
        return None
    return GitState(commit, None if dirty is None else bool(dirty))


def evidence(run: Run, sightings: Sequence[sqlite3.Row]) -> Evidence:
    """Return what is known of when a run occupied its machine."""
    return Evidence(
        pushed_at=run.pushed_at or run.intent.written_at,
        limit_seconds=run.intent.limit_seconds,
        polls=tuple(
            (row[at], Status(row["status"]).phase)
            for row in sightings
            for at in ("first_at", "last_at")
        ),
        program_started_at=run.facts.program_started_at,
        program_ended_at=run.facts.program_ended_at,
        log_seconds=run.facts.log_seconds,
    )


# The arguments of `occupancy`, in its order.
OCCUPANCY_COLUMNS = (
    "id",
    "owner",
    "slug",
    "version",
    "pool",
    "status",
    "started_at",
    "ended_at",
    "limit_seconds",
    "time_source",
    "saved_seconds",
    "run_group",
)


def occupancy(
    id: int,
    owner: str,
    slug: str,
    version: int | None,
    pool: str,
    status: str,
    started_at: float | None,
    ended_at: float | None,
    limit_seconds: float,
    time_source: str | None,
    saved_seconds: float | None,
    run_group: str | None,
) -> RunOccupancy:
    """Return only what the hours need: there may be thousands of runs."""
    kernel = f"{owner}/{slug}"
    return RunOccupancy(
        id,
        f"{kernel}/{version}" if version else kernel,
        kernel,
        pool,
        Status(status),
        started_at,
        ended_at,
        limit_seconds,
        TimeSource(time_source or TimeSource.BOUNDS),
        saved_seconds or 0.0,
        GroupKey.parse(run_group),
    )


def reading(row: sqlite3.Row) -> QuotaReading:
    """Return the reading of one pool in one week."""
    pool = PoolReading(
        name=row["pool"],
        used_seconds=row["used_seconds"],
        reserved_seconds=row["reserved_seconds"],
        allowed_seconds=row["allowed_seconds"],
    )
    return QuotaReading(read_at=row["read_at"], refreshes_at=row["refreshes_at"], pools=(pool,))
