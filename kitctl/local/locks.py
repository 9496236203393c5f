"""Locks between processes that no process can leave behind: SQLite's, which the system releases."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from kitctl.errors import NextCommand, Refused


class Lock:
    """An exclusive lock on a file, from when it is made until `close` or the process's end.

    Raises:
        Refused: another process has it.
    """

    def __init__(self, file: Path, patience_seconds: float) -> None:
        self._connection = sqlite3.connect(file, timeout=patience_seconds, isolation_level=None)
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._connection.close()
            raise Refused(
                f"Another process serves {file.parent} already.",
                code="already_running",
                hint=NextCommand("local status"),
            ) from error

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def serving(folder: Path, patience_seconds: float = 0.0) -> Lock:
    """The lock that a server holds on its state folder."""
    return Lock(folder / "lock.sqlite", patience_seconds)


def starting(folder: Path, patience_seconds: float) -> Lock:
    """The lock that makes those who would start a server take turns."""
    return Lock(folder / "start.sqlite", patience_seconds)


def is_served(folder: Path) -> bool:
    """Whether a server holds the folder now."""
    if not folder.is_dir():
        return False
    try:
        serving(folder).close()
    except Refused:
        return True
    return False
