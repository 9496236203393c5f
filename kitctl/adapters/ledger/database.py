"""The ledger's file: created for its user only, locked for each change, its errors explained."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

from kitctl.adapters.ledger.schema import MIGRATIONS
from kitctl.errors import InvalidInput, KitError, Refused

_log = logging.getLogger("kitctl.ledger")

MAKE_WRITABLE = (
    "Free space on its disk or fix the folder's permissions, or point KITCTL_HOME at another "
    "folder."
)


class Database:
    """A connection to the ledger's file. Every method raises SQLite's errors as a KitError.

    The file is created where it is missing, with mode 0600, and its schema is brought up to date.
    `busy_seconds` is how long to wait for another kitctl that is writing.
    """

    def __init__(self, path: Path, busy_seconds: float) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        with self._translate_errors():
            _create(path)
            self._connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode = WAL")
            # A push that was paid for must survive a power cut too.
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._migrate()

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Lock out every other writer for the block; an exception undoes its changes."""
        with self._translate_errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def select(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        with self._translate_errors():
            return self._connection.execute(statement, values).fetchall()

    def execute(self, statement: str, *values: object) -> None:
        """Run a statement that returns nothing."""
        # Never the values: a setting of a job may be anything.
        _log.debug("%s", " ".join(statement.split()[:3]))
        with self._translate_errors():
            self._connection.execute(statement, values)

    def insert(self, table: str, columns: Mapping[str, object]) -> int:
        """Insert a row and return its id."""
        names = ", ".join(columns)
        places = ", ".join(f":{name}" for name in columns)
        _log.debug("INSERT INTO %s", table)
        with self._translate_errors():
            cursor = self._connection.execute(
                f"INSERT INTO {table} ({names}) VALUES ({places})", columns
            )
        return int(cursor.lastrowid or 0)

    def update(self, table: str, row_id: int, columns: Mapping[str, object]) -> None:
        """Change some columns of a row."""
        changes = ", ".join(f"{name} = :{name}" for name in columns)
        _log.debug("UPDATE %s %d: %s", table, row_id, ", ".join(columns))
        with self._translate_errors():
            self._connection.execute(
                f"UPDATE {table} SET {changes} WHERE id = :id", {**columns, "id": row_id}
            )

    def _migrate(self) -> None:
        if self._schema_version() == len(MIGRATIONS):
            return
        with self.transaction():
            version = self._schema_version()  # Another kitctl may have been quicker.
            if version > len(MIGRATIONS):
                raise InvalidInput(
                    f"The ledger {self._path} was written by a newer kitctl.",
                    code="ledger_newer",
                    hint="Update kitctl, or point KITCTL_HOME at another folder.",
                )
            for number, script in enumerate(MIGRATIONS[version:], version + 1):
                for statement in filter(str.strip, script.split(";")):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {number}")

    def _schema_version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise _kit_error(error, self._path, self._busy_seconds) from None


def _create(path: Path) -> None:
    """Create the file before SQLite does, so that it is never readable by others."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise InvalidInput(
            f"The ledger {path} cannot be written: {error.strerror}. Nothing was sent.",
            code="ledger_unwritable",
            hint=MAKE_WRITABLE,
        ) from None


def _kit_error(error: sqlite3.DatabaseError, path: Path, busy_seconds: float) -> KitError:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Refused(
            f"Another kitctl has been writing to the ledger {path} for {busy_seconds:.0f} s.",
            code="ledger_busy",
            hint="Try again when it is done.",
        )
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        old, new = quote(str(path)), quote(f"{path}.damaged")
        return InvalidInput(
            f"The ledger {path} is damaged and was left as it is; the runs themselves are safe.",
            code="ledger_corrupt",
            hint=f"Move it away (mv {old} {new}); kitctl then begins a new one.",
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
            hint=MAKE_WRITABLE,
        )
    return KitError(f"The ledger {path} cannot be used: {error}.", code="ledger")
