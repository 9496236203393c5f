"""The folder of one run's results: parts, moves, and what an earlier pull has brought.

Its own books lie in `.kitctl/`: whose it is in `run`, a line a file in `files.jsonl`, the parts
that are still coming, and a lock. A file is moved to its name only when it is whole, so what has
its name is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from kitctl.adapters.hashing import hash_file
from kitctl.domain.results import OWN_FOLDER, ManifestEntry
from kitctl.errors import InvalidInput
from kitctl.files import replace_file
from kitctl.ports import FileContent

_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class _Entry:
    """What a file was when it was placed."""

    promise: ManifestEntry
    mtime_ns: int


class LocalResultsFolder:
    """The port `ResultsFolder`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._own = root / OWN_FOLDER
        self._books = self._own / "files.jsonl"
        self._entries: dict[str, _Entry] = {}
        self._writing = threading.Lock()

    @contextmanager
    def exclusive(self, on_wait: Callable[[], None]) -> Iterator[None]:
        (self._own / "parts").mkdir(parents=True, exist_ok=True)
        with (self._own / "lock").open("ab") as lock:
            if not _locked(lock):
                on_wait()
                while not _locked(lock):
                    time.sleep(_LOOK_SECONDS)
            self._entries = _entries(self._books)
            yield

    def claim(self, run: str) -> list[str]:
        mark = self._own / "run"
        with suppress(OSError):
            if mark.read_text("utf-8", "replace") == run:
                return []
        strangers = [name for name in self._entries if (self.root / name).is_file()]
        self._entries = {}
        # In this order: killed in between, it has no books, and so nothing is taken for granted.
        self._books.unlink(missing_ok=True)
        mark.write_text(run, "utf-8")
        return strangers

    def existing(self, name: str, promise: ManifestEntry | None) -> FileContent | None:
        path = self._path(name)
        try:
            found = path.stat(follow_symlinks=False)
        except OSError:
            return None
        entry = self._entries.get(name)
        wanted = promise or (entry and entry.promise)
        if path.is_symlink() or not path.is_file() or not wanted:
            return None
        if entry and (entry.promise.bytes, entry.mtime_ns) == (found.st_size, found.st_mtime_ns):
            is_it = entry.promise.sha256 == wanted.sha256
        else:
            is_it = wanted.matches(hash_file(path, wanted.algorithm))
        return FileContent(wanted.bytes, wanted.sha256) if is_it else None

    def part_path(self, name: str) -> Path:
        # By hash: a name of its own may be as long as names can be.
        key = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return self._own / "parts" / f"{key}.part"

    def place(self, name: str, content: FileContent) -> None:
        path, part = self._path(name), self.part_path(name)
        try:
            part.replace(path)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.replace(path)
        part.with_suffix(".etag").unlink(missing_ok=True)
        entry = {
            "path": name,
            "bytes": content.bytes,
            "sha256": content.sha256,
            "mtime_ns": path.stat().st_mtime_ns,
        }
        with self._writing, self._books.open("a", encoding="utf-8") as books:
            books.write(json.dumps(entry) + "\n")
            self._entries[name] = _entry(entry)

    def write(self, name: str, data: bytes) -> None:
        with replace_file(self._path(name), self._own / "parts") as part:
            part.write_bytes(data)

    def read(self, name: str) -> bytes | None:
        try:
            return self._path(name).read_bytes()
        except OSError:
            return None

    def _path(self, name: str) -> Path:
        """Where a name leads, which no symbolic link may bend."""
        path = self.root / name
        for parent in path.parents:
            if parent == self.root:
                return path
            if parent.is_symlink():
                raise InvalidInput(
                    f"{parent} is a symbolic link; {name} was not written through it.",
                    code="symlink",
                    hint="Remove the link, or choose another folder with --out.",
                )
        return path


def _entries(books: Path) -> dict[str, _Entry]:
    """What was placed before; a line that was cut off in writing is left out."""
    entries = {}
    try:
        lines = books.read_text("utf-8").splitlines()
    except OSError:
        return {}
    for line in lines:
        try:
            entry = _entry(json.loads(line))
            entries[entry.promise.path] = entry
        except (ValueError, KeyError, TypeError):
            continue
    return entries


def _entry(line: Mapping[str, Any]) -> _Entry:
    return _Entry(ManifestEntry(line["path"], line["bytes"], line["sha256"]), line["mtime_ns"])


def _locked(file: BinaryIO) -> bool:
    """Whether the lock is ours now; the system takes it back when the process ends."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
