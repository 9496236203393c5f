"""The ledger in SQLite: the runs that this user pushed, and what is known of each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from kitctl.adapters.ledger import rows
from kitctl.adapters.ledger.conditions import NEWEST_OF_GROUP, OF_KERNEL, ONLY_SAVED
from kitctl.adapters.ledger.database import Database
from kitctl.adapters.ledger.schema import UNFINISHED
from kitctl.domain.quota.quota import QuotaReading, RunOccupancy
from kitctl.domain.runs.groups import GroupKey, group_of_run
from kitctl.domain.runs.run import Facts, Intent, KernelRef, Run, RunRef, Status
from kitctl.domain.runs.run_times import NO_OCCUPANCY, TimeSource, best_occupancy
from kitctl.domain.runs.weeks import week_of
from kitctl.ports import AdmissionCheck

# How long to wait for another kitctl that is writing.
BUSY_SECONDS = 10.0


class SqliteLedger:
    """The port `Ledger`, in one file for all of a user's accounts and projects.

    Each change is one transaction that takes the write lock first, so what it has read still holds
    when it writes. After a kill between two changes, `kitctl.operations.watching.reconcile`
    completes the records from Kaggle.
    """

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        self._database = Database(path, busy_seconds)

    def __enter__(self) -> SqliteLedger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    # Writing

    def admit(self, intent: Intent, check: AdmissionCheck) -> Run:
        with self._database.transaction():
            check(self.unfinished_runs(intent.service, intent.account))
            columns = rows.columns(intent) | {"status": Status.SENDING}
            return self._by_id(self._database.insert("runs", columns))

    def record_version(self, run_id: int, kernel: KernelRef, version: int, at: float) -> Run:
        with self._database.transaction():
            known = self._at_version(self._by_id(run_id).intent.service, RunRef(kernel, version))
            if known and known.id != run_id:
                # Either reconciling gave the version to another run of the same script, which is
                # then looked for again, or the kernel was deleted and its versions begin at 1
                # again: the hours of its old runs still count.
                status = known.status if known.status.ended else Status.SENDING
                self._database.update("runs", known.id, {"version": None, "status": status})
            self._database.execute(
                "UPDATE runs SET owner = ?, slug = ?, version = ?, pushed_at = ?,"
                " status = CASE status WHEN 'SENDING' THEN 'QUEUED' ELSE status END WHERE id = ?",
                *(kernel.owner, kernel.slug, version, at, run_id),
            )
            return self._by_id(run_id)

    def record_lost_answer(self, run_id: int, until: float) -> None:
        with self._database.transaction():
            self._database.update("runs", run_id, {"sending_until": until})

    def withdraw(self, run_id: int) -> None:
        with self._database.transaction():
            self._database.execute("DELETE FROM runs WHERE id = ? AND version IS NULL", run_id)

    def forget(self, service: str) -> None:
        """Delete all that is known of a service: a local Kaggle that was reset."""
        with self._database.transaction():
            self._database.execute("DELETE FROM runs WHERE service = ?", service)
            self._database.execute("DELETE FROM quota_readings WHERE service = ?", service)

    def record_status(
        self, run_id: int, status: Status, at: float, failure_message: str = ""
    ) -> Run:
        with self._database.transaction():
            run = self._by_id(run_id)
            if not run.status.ended:  # The late answer to an early poll changes nothing.
                self._database.execute(
                    "UPDATE runs SET status = ?, failure_message = ?, missing_since = NULL"
                    " WHERE id = ?",
                    *(status, failure_message, run_id),
                )
            self._database.execute(
                "INSERT INTO sightings (run_id, status, first_at, last_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (run_id, status) DO UPDATE SET"
                " first_at = min(first_at, excluded.first_at),"
                " last_at = max(last_at, excluded.last_at)",
                *(run_id, status, at, at),
            )
            return self._with_times(run_id)

    def record_missing(self, run_id: int, at: float) -> Run:
        with self._database.transaction():
            self._database.execute(
                "UPDATE runs SET missing_since = coalesce(missing_since, ?) WHERE id = ?",
                *(at, run_id),
            )
            return self._by_id(run_id)

    def update_facts(self, run_id: int, facts: Facts) -> Run:
        with self._database.transaction():
            known = {name: value for name, value in asdict(facts).items() if value is not None}
            if known:
                self._database.update("runs", run_id, known)
            return self._with_times(run_id)

    def record_pull(self, run_id: int, at: float, folder: str, files: int, size: int) -> None:
        with self._database.transaction():
            self._database.execute(
                "INSERT INTO pulls (run_id, at, folder, files, bytes) VALUES (?, ?, ?, ?, ?)",
                *(run_id, at, folder, files, size),
            )
            self._database.update("runs", run_id, {"pulled_at": at, "pulled_to": folder})

    def store_reading(self, service: str, account: str, reading: QuotaReading) -> None:
        week = week_of(reading.read_at, reading.refreshes_at)
        with self._database.transaction():
            for pool in reading.pools:
                self._database.execute(
                    "INSERT INTO quota_readings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT (service, account, week_start, pool) DO UPDATE SET"
                    " read_at = excluded.read_at, refreshes_at = excluded.refreshes_at,"
                    " used_seconds = excluded.used_seconds,"
                    " reserved_seconds = excluded.reserved_seconds,"
                    " allowed_seconds = excluded.allowed_seconds"
                    " WHERE excluded.read_at >= read_at",
                    *(service, account, pool.name, week.start),
                    *(reading.read_at, reading.refreshes_at),
                    *(pool.used_seconds, pool.reserved_seconds, pool.allowed_seconds),
                )

    # Reading

    def get(self, service: str, run: RunRef) -> Run | None:
        return self._at_version(service, run)

    def latest(self, service: str, kernel: KernelRef) -> Run | None:
        return self._first(
            f"service = ? AND {OF_KERNEL} AND version IS NOT NULL AND NOT {ONLY_SAVED}"
            " ORDER BY version DESC LIMIT 1",
            *(service, kernel.owner, kernel.slug, str(kernel)),
        )

    def last_account(self, service: str) -> str | None:
        selected = self._database.select(
            "SELECT account FROM ("
            "SELECT * FROM (SELECT account, intent_at AS at FROM runs"
            " WHERE service = ? ORDER BY id DESC LIMIT 1) UNION ALL"
            " SELECT account, read_at FROM quota_readings WHERE service = ?"
            ") ORDER BY at DESC LIMIT 1",
            *(service, service),
        )
        return str(selected[0]["account"]) if selected else None

    def same_script_runs(self, service: str, account: str, script_sha256: str) -> list[Run]:
        return self._select(
            f"service = ? AND account = ? AND script_sha256 = ?"
            f" AND (status = 'COMPLETE' OR {UNFINISHED}) ORDER BY id DESC",
            *(service, account, script_sha256),
        )

    def runs(
        self,
        service: str,
        account: str | None,
        *,
        kernel: KernelRef | None = None,
        statuses: Collection[Status] = (),
        limit: int | None = None,
    ) -> list[Run]:
        conditions, values = ["service = ?"], [service]
        if account is not None:
            conditions, values = [*conditions, "account = ?"], [*values, account]
        if kernel is not None:
            conditions.append(OF_KERNEL)
            values += [kernel.owner, kernel.slug, str(kernel)]
        if statuses:
            conditions.append(f"status IN ({', '.join('?' * len(statuses))})")
            values += statuses
        return self._select(
            f"{' AND '.join(conditions)} ORDER BY id DESC LIMIT ?",
            *(*values, -1 if limit is None else limit),
        )

    def runs_of_lines(self, service: str, *, kernel: KernelRef | None, limit: int) -> list[Run]:
        of_kernel = OF_KERNEL if kernel else "true"
        values = [service, *([kernel.owner, kernel.slug, str(kernel)] if kernel else [])]
        newest = self._select(
            f"service = ? AND {of_kernel} AND {NEWEST_OF_GROUP} ORDER BY id DESC LIMIT ?",
            *(*values, limit),
        )
        groups = [str(group) for run in newest if (group := group_of_run(run.intent.environment))]
        others = f"service = ? AND run_group IN ({', '.join('?' * len(groups))})"
        sessions = self._select(others, service, *groups) if groups else []
        runs = {run.id: run for run in (*newest, *sessions)}
        return sorted(runs.values(), key=lambda run: -run.id)

    def group_usage(self, service: str, groups: Collection[GroupKey]) -> list[RunOccupancy]:
        places = ", ".join("?" * len(groups))
        selected = self._database.select(
            f"SELECT {', '.join(rows.OCCUPANCY_COLUMNS)} FROM runs"
            f" WHERE service = ? AND run_group IN ({places}) ORDER BY id",
            *(service, *map(str, groups)),
        )
        return [rows.occupancy(*row) for row in selected]

    def unfinished_runs(self, service: str, account: str) -> list[Run]:
        return self._select(
            f"service = ? AND account = ? AND {UNFINISHED} ORDER BY id", service, account
        )

    def past_runs(
        self, service: str, kernel: KernelRef, pool: str, *, limit: int = 20
    ) -> list[Run]:
        return self._select(
            f"service = ? AND {OF_KERNEL} AND pool = ? AND ended_at IS NOT NULL"
            " AND status = 'COMPLETE' ORDER BY ended_at DESC LIMIT ?",
            *(service, kernel.owner, kernel.slug, str(kernel), pool, limit),
        )

    def usage(self, service: str, account: str, since: float, until: float) -> list[RunOccupancy]:
        columns = ", ".join(rows.OCCUPANCY_COLUMNS)
        selected = self._database.select(
            f"SELECT {columns} FROM runs WHERE service = ? AND account = ?"
            " AND ended_at > ? AND started_at < ? AND pool IN ('gpu', 'tpu')"
            f" UNION ALL SELECT {columns} FROM runs WHERE service = ? AND account = ?"
            f" AND {UNFINISHED} AND ended_at IS NULL"
            " AND intent_at < ? AND pool IN ('gpu', 'tpu')",
            *(service, account, since, until, service, account, until),
        )
        return [rows.occupancy(*row) for row in selected]

    def runs_without_log(
        self, service: str, account: str, since: float, *, limit: int
    ) -> list[Run]:
        return self._select(
            "service = ? AND account = ? AND ended_at > ? AND time_source = ?"
            " AND log_seconds IS NULL AND version IS NOT NULL"
            " ORDER BY ended_at DESC LIMIT ?",
            *(service, account, since, TimeSource.BOUNDS, limit),
        )

    def readings(self, service: str, account: str, since: float) -> list[QuotaReading]:
        selected = self._database.select(
            "SELECT * FROM quota_readings WHERE service = ? AND account = ? AND read_at >= ?"
            " ORDER BY week_start, read_at",
            *(service, account, since),
        )
        return [rows.reading(row) for row in selected]

    def _with_times(self, run_id: int) -> Run:
        """Update when the run occupied its machine, from all that is known, and return the run."""
        run = self._by_id(run_id)
        sightings = self._database.select(
            "SELECT status, first_at, last_at FROM sightings WHERE run_id = ?", run_id
        )
        occupancy = best_occupancy(rows.evidence(run, sightings))
        if run.status is Status.NEW_SCRIPT:
            occupancy = NO_OCCUPANCY
        times = {
            "started_at": occupancy.started_at,
            "ended_at": occupancy.ended_at,
            "time_source": None if occupancy.started_at is None else occupancy.source,
        }
        self._database.update("runs", run_id, times)
        return self._by_id(run_id)

    def _by_id(self, run_id: int) -> Run:
        (run,) = self._select("id = ?", run_id)
        return run

    def _at_version(self, service: str, run: RunRef) -> Run | None:
        return self._first(
            "service = ? AND owner = ? AND slug = ? AND version = ?",
            *(service, run.kernel.owner, run.kernel.slug, run.version),
        )

    def _first(self, condition: str, *values: object) -> Run | None:
        return next(iter(self._select(condition, *values)), None)

    def _select(self, condition: str, *values: object) -> list[Run]:
        selected = self._database.select(f"SELECT * FROM runs WHERE {condition}", *values)
        return [rows.run(row) for row in selected]
