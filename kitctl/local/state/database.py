"""The local Kaggle's SQLite file: schema, one connection, transactions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kitctl.errors import InvalidInput, NextCommand

# Times are seconds since the epoch by the local Kaggle's own clock.
SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS kernels (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    is_private INTEGER NOT NULL,
    created_at REAL NOT NULL,
    deleted_at REAL
);
CREATE UNIQUE INDEX IF NOT EXISTS live_kernels ON kernels (owner, slug) WHERE deleted_at IS NULL;

CREATE TABLE IF NOT EXISTS versions (
    kernel_id INTEGER NOT NULL REFERENCES kernels (id),
    number INTEGER NOT NULL,
    source TEXT NOT NULL,
    job TEXT NOT NULL,              -- the rest of the SaveRequest, as JSON
    created_at REAL NOT NULL,
    PRIMARY KEY (kernel_id, number)
);

CREATE TABLE IF NOT EXISTS sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kernel_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    accelerator TEXT NOT NULL,      -- gpu, tpu or cpu
    status TEXT NOT NULL,
    failure_message TEXT,
    timeout_seconds REAL NOT NULL,
    queued_at REAL NOT NULL,
    started_at REAL,
    ended_at REAL,
    FOREIGN KEY (kernel_id, version) REFERENCES versions (kernel_id, number)
);
CREATE UNIQUE INDEX IF NOT EXISTS session_of_version ON sessions (kernel_id, version);
CREATE INDEX IF NOT EXISTS sessions_by_end ON sessions (accelerator, ended_at);

-- Kernels that were copied from another one in the editor.
CREATE TABLE IF NOT EXISTS forks (
    kernel_id INTEGER PRIMARY KEY REFERENCES kernels (id),
    parent TEXT NOT NULL            -- owner/slug
);

-- Accelerator time used by open notebooks instead of pushed runs; an open one ends in the future.
CREATE TABLE IF NOT EXISTS interactive (
    accelerator TEXT NOT NULL,
    started_at REAL NOT NULL,
    ended_at REAL NOT NULL
);

CREATE TABLE IF NOT EXISTS outputs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id INTEGER NOT NULL REFERENCES sessions (id),
    name TEXT NOT NULL,             -- as the API returns it
    path TEXT NOT NULL,             -- relative to the session's folder
    bytes INTEGER NOT NULL,
    created_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS outputs_of_session ON outputs (session_id, name);

CREATE TABLE IF NOT EXISTS datasets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL,
    slug TEXT NOT NULL,
    about TEXT NOT NULL,            -- title, subtitle, description, licence, keywords, as JSON
    is_private INTEGER NOT NULL,
    created_at REAL NOT NULL,
    deleted_at REAL
);
CREATE UNIQUE INDEX IF NOT EXISTS live_datasets ON datasets (owner, slug) WHERE deleted_at IS NULL;

CREATE TABLE IF NOT EXISTS dataset_versions (
    dataset_id INTEGER NOT NULL REFERENCES datasets (id),
    number INTEGER NOT NULL,
    notes TEXT NOT NULL,
    folder TEXT NOT NULL,
    failure TEXT,                   -- why it could not be made ready
    ready_at REAL,                  -- NULL while the uploads are being unpacked
    created_at REAL NOT NULL,
    PRIMARY KEY (dataset_id, number)
);

CREATE TABLE IF NOT EXISTS competitions (
    slug TEXT PRIMARY KEY,
    details TEXT NOT NULL,          -- what its competition.json says
    solution TEXT NOT NULL,
    created_at REAL NOT NULL
);

CREATE TABLE IF NOT EXISTS submissions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    competition TEXT NOT NULL REFERENCES competitions (slug),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at REAL NOT NULL,
    scored_at REAL NOT NULL,        -- until then it is pending
    public_score TEXT,
    private_score TEXT,
    error TEXT
);

-- What a competition's host has set, by name: its pages, its hosts, its settings, its launch.
CREATE TABLE IF NOT EXISTS hosting (
    competition TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,            -- JSON
    PRIMARY KEY (competition, name)
);

CREATE TABLE IF NOT EXISTS topics (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    place TEXT NOT NULL,            -- forums/slug, datasets/owner/slug, competitions/slug, …
    title TEXT NOT NULL,
    content TEXT NOT NULL,
    author TEXT NOT NULL,
    comments TEXT NOT NULL,         -- a JSON list of {author, content, replies}
    created_at REAL NOT NULL
);

CREATE TABLE IF NOT EXISTS blobs (
    token TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    created_at REAL NOT NULL
);
"""

TABLES = (
    "outputs",
    "interactive",
    "forks",
    "sessions",
    "versions",
    "kernels",
    "submissions",
    "hosting",
    "competitions",
    "topics",
    "dataset_versions",
    "datasets",
    "blobs",
    "settings",
)


class Database:
    """One SQLite connection that threads share, one at a time."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.executescript(SCHEMA)
        except sqlite3.DatabaseError as error:
            raise InvalidInput(
                f"{path} is damaged: {error}.",
                code="local_kaggle_damaged",
                hint=NextCommand("local reset", "--yes", "begins a new one"),
            ) from None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all of the block's changes or none. A nested block joins the outer one."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def fetch_all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def fetch_one(self, sql: str, *values: object) -> sqlite3.Row | None:
        with self._lock:
            row: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
            return row

    def execute(self, sql: str, *values: object) -> int:
        """Run one INSERT, UPDATE or DELETE.

        Returns:
            the id of the inserted row; meaningless after another statement.
        """
        with self._lock:
            return self._connection.execute(sql, values).lastrowid or 0

    def insert_many(self, sql: str, values: list[tuple[object, ...]]) -> None:
        with self.transaction():
            self._connection.executemany(sql, values)

    def clear(self) -> None:
        """Delete all rows; ids start again at 1."""
        with self.transaction():
            for table in (*TABLES, "sqlite_sequence"):
                self._connection.execute(f"DELETE FROM {table}")

    def close(self) -> None:
        with self._lock:
            self._connection.close()
