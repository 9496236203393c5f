"""File locks of a state folder. The system releases them with their process, also after kill -9."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kitctl.errors import NextCommand, Refused


@contextmanager
def server_lock(folder: Path, timeout_seconds: float = 0.0) -> Iterator[None]:
    """Hold the lock of the process that serves the folder.

    Raises:
        Refused: another process still holds it after the timeout.
    """
    with _locked(folder / "server.lock", timeout_seconds):
        yield


@contextmanager
def start_lock(folder: Path, timeout_seconds: float) -> Iterator[None]:
    """Hold the lock of the process that starts a server for the folder, one at a time.

    Raises:
        Refused: another process still holds it after the timeout.
    """
    with _locked(folder / "start.lock", timeout_seconds):
        yield


def is_served(folder: Path) -> bool:
    """Return whether a process serves the folder now."""
    if not folder.is_dir():
        return False
    try:
        with server_lock(folder):
            return False
    except Refused:
        return True


@contextmanager
def _locked(file: Path, timeout_seconds: float) -> Iterator[None]:
    # Loaded here: most commands need no lock.
    from filelock import FileLock, Timeout

    lock = FileLock(file)
    try:
        lock.acquire(timeout_seconds)
    except Timeout as error:
        raise Refused(
            f"Another process serves {file.parent} already.",
            code="already_running",
            hint=NextCommand("local status"),
        ) from error
    try:
        yield
    finally:
        lock.release()
