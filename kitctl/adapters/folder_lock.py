"""The lock of a folder that several kitctl may work in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def folder_lock(file: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock `file`; `on_wait` is called where another process must be waited for.

    The system releases it with the process, also after kill -9.
    """
    # Loaded here: most commands need no lock.
    from filelock import FileLock, Timeout

    lock = FileLock(file)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        on_wait()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
