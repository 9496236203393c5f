"""Sessions: from the queue to their end, and the files they leave."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from kitctl.local.state import records
from kitctl.local.state.accelerators import Kind
from kitctl.local.state.clock import Clock
from kitctl.local.state.database import Database
from kitctl.local.state.records import Output, Session
from kitctl.local.state.refusals import forbidden
from kitctl.local.state.settings import ServerSettings

# Session ids look like Kaggle's, so that nothing takes them for version numbers.
FIRST_ID = 270_000_001

TIMED_OUT = "Your notebook was stopped because it exceeded the max allowed execution duration."
SERVER_DIED = "The local Kaggle ended while this ran."


class Sessions:
    def __init__(
        self, database: Database, settings: ServerSettings, clock: Clock, folder: Path
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._folder = folder

    def folder(self, session_id: int) -> Path:
        """Where a session's run, outputs and log lie."""
        return self._folder / str(session_id)

    def log_file(self, session_id: int) -> Path:
        return self.folder(session_id) / "log.jsonl"

    def queue(self, kernel_id: int, version: int, kind: Kind, timeout_seconds: float) -> int:
        """Put a version's session into the queue.

        Returns:
            the session's id.
        """
        return self.add(
            kernel_id,
            version,
            kind,
            status=records.QUEUED,
            timeout_seconds=timeout_seconds,
            queued_at=self._clock.now(),
        )

    def add(
        self,
        kernel_id: int,
        version: int,
        kind: Kind,
        *,
        status: str,
        timeout_seconds: float,
        queued_at: float,
        started_at: float | None = None,
        ended_at: float | None = None,
        failure_message: str | None = None,
    ) -> int:
        """Record a session in whatever state.

        Returns:
            the session's id.
        """
        newest = self._database.row("SELECT MAX(id) AS id FROM sessions")
        assert newest is not None
        identity = max(newest["id"] or 0, FIRST_ID - 1) + 1
        self._database.change(
            "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            identity,
            kernel_id,
            version,
            kind,
            status,
            failure_message,
            timeout_seconds,
            queued_at,
            started_at,
            ended_at,
        )
        self.folder(identity).mkdir(parents=True, exist_ok=True)
        return identity

    def get(self, session_id: int) -> Session:
        row = self._database.row("SELECT * FROM sessions WHERE id = ?", session_id)
        if row is None:
            raise forbidden("kernelSessions.get")
        return _session(row)

    def of_version(self, kernel_id: int, version: int) -> Session | None:
        """The version's session; None for one saved without running it."""
        row = self._database.row(
            "SELECT * FROM sessions WHERE kernel_id = ? AND version = ?", kernel_id, version
        )
        return _session(row) if row else None

    def shown_without_label(self, kernel_id: int, version: int) -> Session | None:
        """What a status asked for without a version shows: for a moment, the version before."""
        newest = self.of_version(kernel_id, version)
        lag = self._settings["status_lag_seconds"]
        if newest is not None and self._clock.now() < newest.queued_at + lag:
            return self.of_version(kernel_id, version - 1) or newest
        return newest

    def newest_complete(self, kernel_id: int) -> Session | None:
        row = self._database.row(
            "SELECT * FROM sessions WHERE kernel_id = ? AND status = ? ORDER BY version DESC",
            kernel_id,
            records.COMPLETE,
        )
        return _session(row) if row else None

    def unfinished(self) -> list[Session]:
        rows = self._database.rows("SELECT * FROM sessions WHERE ended_at IS NULL")
        return [_session(row) for row in rows]

    def may_start(self, session: Session) -> bool:
        return self._clock.now() >= session.queued_at + self._settings["queue_seconds"]

    def overdue(self, session: Session) -> bool:
        started_at = session.started_at
        return started_at is not None and self._clock.now() >= started_at + session.timeout_seconds

    def begin(self, session_id: int) -> None:
        self._database.change(
            "UPDATE sessions SET status = ?, started_at = ? WHERE id = ? AND status = ?",
            records.RUNNING,
            self._clock.now(),
            session_id,
            records.QUEUED,
        )

    def end(self, session_id: int, status: str, failure_message: str | None = None) -> None:
        self._database.change(
            "UPDATE sessions SET status = ?, failure_message = ?, ended_at = ? "
            "WHERE id = ? AND ended_at IS NULL",
            status,
            failure_message,
            self._clock.now(),
            session_id,
        )

    def cancel(self, session_id: int) -> bool:
        """Ask a session to stop; False when it has ended already."""
        with self._database.transaction():
            if self.get(session_id).ended_at is not None:
                return False
            self._database.change(
                "UPDATE sessions SET status = ? WHERE id = ?", records.CANCEL_REQUESTED, session_id
            )
            return True

    def cancel_all(self, kernel_id: int) -> None:
        self._database.change(
            "UPDATE sessions SET status = ? WHERE kernel_id = ? AND ended_at IS NULL",
            records.CANCEL_REQUESTED,
            kernel_id,
        )

    def record_outputs(self, session_id: int, folder: Path) -> None:
        """Take the files that a run left in `folder` as its output. Links are no output."""
        found = []
        for parent, _, files in os.walk(folder):
            for path in (Path(parent, file) for file in files):
                if path.is_file() and not path.is_symlink():
                    status = path.stat()
                    found.append((path, status.st_size, status.st_mtime))
        self.add_outputs(
            session_id,
            ((path.relative_to(folder).as_posix(), path, size, at) for path, size, at in found),
        )

    def add_outputs(self, session_id: int, files: Iterable[tuple[str, Path, int, float]]) -> None:
        """Record outputs: (name, path, bytes, creation time) of each."""
        root = self.folder(session_id)
        self._database.insert_many(
            "INSERT INTO outputs (session_id, name, path, bytes, created_at) "
            "VALUES (?, ?, ?, ?, ?)",
            [
                (session_id, name, path.relative_to(root).as_posix(), size, at)
                for name, path, size, at in files
            ],
        )

    def outputs(self, session_id: int, offset: int, limit: int) -> list[Output]:
        rows = self._database.rows(
            "SELECT * FROM outputs WHERE session_id = ? ORDER BY name LIMIT ? OFFSET ?",
            session_id,
            limit,
            offset,
        )
        return [self._output(row) for row in rows]

    def output(self, output_id: int) -> Output | None:
        row = self._database.row("SELECT * FROM outputs WHERE id = ?", output_id)
        return self._output(row) if row else None

    def output_named(self, session_id: int, name: str) -> Output | None:
        row = self._database.row(
            "SELECT * FROM outputs WHERE session_id = ? AND name = ?", session_id, name
        )
        return self._output(row) if row else None

    def _output(self, row: sqlite3.Row) -> Output:
        return Output(
            id=row["id"],
            name=row["name"],
            path=self.folder(row["session_id"]) / row["path"],
            bytes=row["bytes"],
            created_at=row["created_at"],
        )


def _session(row: sqlite3.Row) -> Session:
    return Session(**dict(row))
