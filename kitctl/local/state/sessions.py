"""Sessions: from the queue to their end, and their output files."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from kitctl.local.state import archives, records
from kitctl.local.state.clock import ServerClock
from kitctl.local.state.database import Database
from kitctl.local.state.errors import forbidden
from kitctl.local.state.files import regular_files
from kitctl.local.state.machines import Pool
from kitctl.local.state.records import NewOutputFile, OutputFile, Session
from kitctl.local.state.settings import ServerSettings

# Session ids look like Kaggle's, so that nothing takes them for version numbers.
FIRST_ID = 270_000_001

TIMED_OUT = "Your notebook was stopped because it exceeded the max allowed execution duration."
SERVER_DIED = "The local Kaggle ended while this ran."


class Sessions:
    """The runs of saved versions, in the database and in a folder each."""

    def __init__(
        self, database: Database, settings: ServerSettings, clock: ServerClock, folder: Path
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._folder = folder

    def folder(self, session_id: int) -> Path:
        """Return the folder of a session's run, outputs and log."""
        return self._folder / str(session_id)

    def log_file(self, session_id: int) -> Path:
        return self.folder(session_id) / "log.jsonl"

    def queue(self, kernel_id: int, version: int, pool: Pool, timeout_seconds: float) -> int:
        """Add a version's session to the queue.

        Returns:
            the session's id.
        """
        return self.add(
            kernel_id,
            version,
            pool,
            status=records.QUEUED,
            timeout_seconds=timeout_seconds,
            queued_at=self._clock.now(),
        )

    def add(
        self,
        kernel_id: int,
        version: int,
        pool: Pool,
        *,
        status: str,
        timeout_seconds: float,
        queued_at: float,
        started_at: float | None = None,
        ended_at: float | None = None,
        failure_message: str | None = None,
    ) -> int:
        """Add a session in any state.

        Returns:
            the session's id.
        """
        newest = self._database.fetch_one("SELECT MAX(id) AS id FROM sessions")
        assert newest is not None
        identity = max(newest["id"] or 0, FIRST_ID - 1) + 1
        self._database.execute(
            "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            identity,
            kernel_id,
            version,
            pool,
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
        """Return a session by its id.

        Raises:
            ApiError: there is none.
        """
        row = self._database.fetch_one("SELECT * FROM sessions WHERE id = ?", session_id)
        if row is None:
            raise forbidden("kernelSessions.get")
        return _session(row)

    def of_version(self, kernel_id: int, version: int) -> Session | None:
        """Return a version's session; None for a version that was saved without running it."""
        row = self._database.fetch_one(
            "SELECT * FROM sessions WHERE kernel_id = ? AND version = ?", kernel_id, version
        )
        return _session(row) if row else None

    def for_unlabelled_status(self, kernel_id: int, version: int) -> Session | None:
        """Return the session that a status without a version label shows.

        For `status_lag_seconds` after a push it is still the version before.
        """
        newest = self.of_version(kernel_id, version)
        lag = self._settings["status_lag_seconds"]
        if newest is not None and self._clock.now() < newest.queued_at + lag:
            return self.of_version(kernel_id, version - 1) or newest
        return newest

    def newest_complete(self, kernel_id: int) -> Session | None:
        """Return the session of a kernel's newest version that ended as COMPLETE."""
        row = self._database.fetch_one(
            "SELECT * FROM sessions WHERE kernel_id = ? AND status = ? ORDER BY version DESC",
            kernel_id,
            records.COMPLETE,
        )
        return _session(row) if row else None

    def newest(self, kernel_ids: Sequence[int], limit: int) -> list[Session]:
        """Return the newest sessions of these kernels."""
        places = ", ".join("?" * len(kernel_ids))
        rows = self._database.fetch_all(
            f"SELECT * FROM sessions WHERE kernel_id IN ({places}) ORDER BY id DESC LIMIT ?",
            *(*kernel_ids, limit),
        )
        return [_session(row) for row in rows]

    def unfinished(self) -> list[Session]:
        """Return every session that is queued or running."""
        rows = self._database.fetch_all("SELECT * FROM sessions WHERE ended_at IS NULL")
        return [_session(row) for row in rows]

    def may_start(self, session: Session) -> bool:
        """Return whether a queued session has waited long enough."""
        return self._clock.now() >= session.queued_at + self._settings["queue_seconds"]

    def is_overdue(self, session: Session) -> bool:
        """Return whether a session has run longer than its timeout."""
        started_at = session.started_at
        return started_at is not None and self._clock.now() >= started_at + session.timeout_seconds

    def begin(self, session_id: int) -> None:
        """Record that a queued session runs from now on."""
        self._database.execute(
            "UPDATE sessions SET status = ?, started_at = ? WHERE id = ? AND status = ?",
            records.RUNNING,
            self._clock.now(),
            session_id,
            records.QUEUED,
        )

    def end(self, session_id: int, status: str, failure_message: str | None = None) -> None:
        """Record how a session ended, unless its end is recorded already."""
        self._database.execute(
            "UPDATE sessions SET status = ?, failure_message = ?, ended_at = ? "
            "WHERE id = ? AND ended_at IS NULL",
            status,
            failure_message,
            self._clock.now(),
            session_id,
        )

    def request_cancel(self, session_id: int) -> bool:
        """Ask the scheduler to stop a session; return False when it has ended already."""
        with self._database.transaction():
            if self.get(session_id).ended_at is not None:
                return False
            self._database.execute(
                "UPDATE sessions SET status = ? WHERE id = ?", records.CANCEL_REQUESTED, session_id
            )
            return True

    def request_cancel_all(self, kernel_id: int) -> None:
        """Ask the scheduler to stop every session of a kernel."""
        self._database.execute(
            "UPDATE sessions SET status = ? WHERE kernel_id = ? AND ended_at IS NULL",
            records.CANCEL_REQUESTED,
            kernel_id,
        )

    def archive(self, session_id: int) -> Path:
        """Return a zip of all of a session's outputs, made at each call."""
        archive = self.folder(session_id) / "output.zip"
        outputs = self.outputs(session_id, 0, -1)
        archives.pack({output.name: output.path for output in outputs}, archive)
        return archive

    def add_outputs(self, session_id: int, outputs: Iterable[NewOutputFile]) -> None:
        """Record output files of a session."""
        root = self.folder(session_id)
        self._database.insert_many(
            "INSERT INTO outputs (session_id, name, path, bytes, created_at) "
            "VALUES (?, ?, ?, ?, ?)",
            [
                (session_id, name, path.relative_to(root).as_posix(), size, at)
                for name, path, size, at in outputs
            ],
        )

    def outputs(self, session_id: int, offset: int, limit: int) -> list[OutputFile]:
        """Return `limit` of a session's outputs from `offset` on, by name."""
        rows = self._database.fetch_all(
            "SELECT * FROM outputs WHERE session_id = ? ORDER BY name LIMIT ? OFFSET ?",
            session_id,
            limit,
            offset,
        )
        return [self._output(row) for row in rows]

    def output(self, output_id: int) -> OutputFile | None:
        row = self._database.fetch_one("SELECT * FROM outputs WHERE id = ?", output_id)
        return self._output(row) if row else None

    def output_named(self, session_id: int, name: str) -> OutputFile | None:
        row = self._database.fetch_one(
            "SELECT * FROM outputs WHERE session_id = ? AND name = ?", session_id, name
        )
        return self._output(row) if row else None

    def _output(self, row: sqlite3.Row) -> OutputFile:
        return OutputFile(
            id=row["id"],
            name=row["name"],
            path=self.folder(row["session_id"]) / row["path"],
            bytes=row["bytes"],
            created_at=row["created_at"],
        )


def output_files(folder: Path) -> Iterator[NewOutputFile]:
    """Yield every file below a folder; links are left out.

    One whose name is no UTF-8 is moved beside the folder, and its odd bytes are listed as `%FF`.
    """
    for number, path in enumerate(regular_files(folder)):
        status, name = path.stat(), path.relative_to(folder).as_posix()
        if _readable(name) != name:
            moved = folder.with_name(f"{folder.name}-renamed") / str(number)
            moved.parent.mkdir(exist_ok=True)
            path = path.rename(moved)
        yield NewOutputFile(_readable(name), path, status.st_size, status.st_mtime)


def _readable(name: str) -> str:
    return re.sub("[\udc80-\udcff]", lambda odd: f"%{ord(odd[0]) - 0xDC00:02X}", name)


def _session(row: sqlite3.Row) -> Session:
    values = dict(row)
    return Session(pool=values.pop("accelerator"), **values)
