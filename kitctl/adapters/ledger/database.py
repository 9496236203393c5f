"""The ledger's file: made private, opened, migrated; SQLite's errors as sentences."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kitctl.errors import InvalidInput, KitError, Refused

# Seconds to wait for another kitctl that is writing.
BUSY_SECONDS = 10.0

# What is under way; a partial index and the queries that use it must say it in the same words.
UNDER_WAY = "status IN ('SENDING', 'QUEUED', 'RUNNING', 'CANCEL_REQUESTED')"

# One script a schema version, applied in order; a script that was released is never edited.
MIGRATIONS = (
    f"""
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        service TEXT NOT NULL,
        account TEXT NOT NULL,
        owner TEXT NOT NULL,
        slug TEXT NOT NULL,
        version INTEGER,
        status TEXT NOT NULL,
        failure_message TEXT NOT NULL DEFAULT '',
        script_sha256 TEXT NOT NULL,
        source_sha256 TEXT NOT NULL,
        newest_before INTEGER NOT NULL,
        accelerator TEXT NOT NULL,
        pool TEXT NOT NULL,
        settings TEXT NOT NULL,
        sources TEXT NOT NULL,
        timeout_seconds INTEGER,
        limit_seconds REAL NOT NULL,
        epochs INTEGER,
        asked_photos INTEGER,
        forecast_seconds REAL,
        forecast_low_seconds REAL,
        forecast_high_seconds REAL,
        forecast_basis TEXT,
        intent_at REAL NOT NULL,
        sending_until REAL NOT NULL,
        pushed_at REAL,
        started_at REAL,
        ended_at REAL,
        time_source TEXT,
        session_id INTEGER,
        program_started_at REAL,
        program_ended_at REAL,
        log_seconds REAL,
        epochs_done INTEGER,
        photos INTEGER,
        photo_seconds REAL,
        setup_seconds REAL,
        epoch_seconds REAL,
        saved_seconds REAL,
        pulled_at REAL,
        pulled_to TEXT
    );
    CREATE UNIQUE INDEX runs_by_version ON runs (service, owner, slug, version);
    CREATE INDEX runs_by_kernel ON runs (service, owner, slug, id);
    CREATE INDEX runs_by_account ON runs (service, account, id);
    CREATE INDEX runs_by_script ON runs (service, account, script_sha256, id);
    CREATE INDEX runs_by_end ON runs (service, account, ended_at);
    CREATE INDEX runs_by_pool ON runs (service, owner, slug, pool, ended_at);
    CREATE INDEX runs_under_way ON runs (service, account) WHERE {UNDER_WAY};
    CREATE TABLE sightings (
        run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        status TEXT NOT NULL,
        first_at REAL NOT NULL,
        last_at REAL NOT NULL,
        PRIMARY KEY (run_id, status)
    ) WITHOUT ROWID;
    CREATE TABLE pulls (
        run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        at REAL NOT NULL,
        folder TEXT NOT NULL,
        files INTEGER NOT NULL,
        bytes INTEGER NOT NULL
    );
    CREATE INDEX pulls_by_run ON pulls (run_id);
    CREATE TABLE quota_readings (
        service TEXT NOT NULL,
        account TEXT NOT NULL,
        pool TEXT NOT NULL,
        week_start REAL NOT NULL,
        read_at REAL NOT NULL,
        refreshes_at REAL,
        used_seconds REAL NOT NULL,
        reserved_seconds REAL NOT NULL,
        allowed_seconds REAL NOT NULL,
        PRIMARY KEY (service, account, week_start, pool)
    ) WITHOUT ROWID;
    """,
)


def open_ledger(path: Path) -> sqlite3.Connection:
    """Opens the file, making it (0600) where it is missing, and brings its schema up to date."""
    with errors_told(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Made before SQLite does, so that it was never readable by others.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise InvalidInput(
                f"The ledger {path} cannot be written: {error.strerror}. Nothing was sent.",
                code="ledger_unwritable",
                hint="Mend the folder's permissions, or point KITCTL_HOME at another folder.",
            ) from None
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        # A push that was paid for must survive a power cut too.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _migrate(connection, path)
        return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    if _schema_version(connection) == len(MIGRATIONS):
        return
    with writing(connection):
        version = _schema_version(connection)  # Another kitctl may have been quicker.
        if version > len(MIGRATIONS):
            raise InvalidInput(
                f"The ledger {path} was written by a newer kitctl.",
                code="ledger_newer",
                hint="Update kitctl, or point KITCTL_HOME at another folder.",
            )
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            for statement in filter(str.strip, script.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")


def _schema_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that locks out every other writer from its first line on."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def errors_told(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into sentences."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _told(error, path) from None


def _told(error: sqlite3.DatabaseError, path: Path) -> KitError:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Refused(
            f"Another kitctl has been writing to the ledger {path} for {BUSY_SECONDS:.0f} s.",
            code="ledger_busy",
            hint="Try again once it is done.",
        )
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return InvalidInput(
            f"The ledger {path} is damaged and was left as it is; the runs themselves are safe.",
            code="ledger_corrupt",
            hint=f"Move it away (mv '{path}' '{path}.damaged'); a new one is begun by itself.",
        )
    if name.startswith("SQLITE_FULL"):
        return InvalidInput(
            f"The disk is full: the ledger {path} cannot be written.",
            code="disk_full",
            hint="Free some space, or point KITCTL_HOME at another disk.",
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_PERM")):
        return InvalidInput(
            f"The ledger {path} cannot be written ({error}).",
            code="ledger_unwritable",
            hint="Mend the folder's permissions, or point KITCTL_HOME at another folder.",
        )
    return KitError(f"The ledger {path} cannot be used: {error}.", code="ledger")
