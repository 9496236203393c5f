"""A hidden folder beside the results, for a run that may be killed; the next one clears it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from kitctl.files import remove_tree

_LOCK = "lock"
_RANDOM_CHARACTERS = 8
"""How many `tempfile` adds to a name; a sweep's folder, which is to stay, has more."""


@contextlib.contextmanager
def scratch_folder(out: Path) -> Iterator[Path]:
    """Make a hidden folder beside `out` and remove it at the end; remove those of killed processes.

    The folder of a living process is locked by it; the system releases the lock when it ends.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    for folder in out.parent.glob(f".{out.name}-{'?' * _RANDOM_CHARACTERS}"):
        _remove_abandoned(folder)
    folder, lock = _make_locked(out)
    try:
        yield folder
    finally:
        lock.release()
        remove_tree(folder)


def _make_locked(out: Path) -> tuple[Path, FileLock]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        lock = FileLock(folder / _LOCK)
        # Another process may have removed the folder while it was empty.
        with contextlib.suppress(OSError):
            lock.acquire(timeout=0)
            return folder, lock


def _remove_abandoned(folder: Path) -> None:
    """Remove a folder whose lock nobody holds. One without a lock is being made if it is empty."""
    with contextlib.suppress(OSError):
        folder.rmdir()
    if not folder.is_dir():
        return
    if not (folder / _LOCK).exists():
        remove_tree(folder)
        return
    with contextlib.suppress(Timeout, OSError), FileLock(folder / _LOCK, timeout=0):
        remove_tree(folder)
