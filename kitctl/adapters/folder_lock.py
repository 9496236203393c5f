"""The lock of a folder that several kitctl may work in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def folder_lock(file: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock `file`; `on_wait` is called where another process must be waited for.

    The system releases it with the process, also after kill -9. The folder is made where it is not
    there: the process that was waited for may have removed it.
    """
    # Loaded here: most commands need no lock.
    from filelock import FileLock, Timeout

    lock = FileLock(file)
    while not lock.is_locked:
        file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # It was removed in this moment.
            try:
                lock.acquire(blocking=False)
            except Timeout:
                on_wait()
                lock.acquire()
            if not file.exists():
                lock.release()
    try:
        yield
    finally:
        lock.release()
