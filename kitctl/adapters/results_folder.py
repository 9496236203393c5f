"""The folder of one run's results: files, unfinished parts, and what earlier pulls fetched.

kitctl's own files lie in `.kitctl/`: the run that the folder belongs to (`run`), a line for each
fetched file (`files.jsonl`), the parts that are still being fetched (`parts/`), and a lock. A file
gets its name only when it is whole.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitctl.adapters.hashing import hash_file
from kitctl.domain.results import OWN_FOLDER, ManifestEntry
from kitctl.errors import InvalidInput
from kitctl.files import replace_file
from kitctl.ports import FileContent


@dataclass(frozen=True)
class _Record:
    """What a file was when it was placed."""

    entry: ManifestEntry
    mtime_ns: int


class LocalResultsFolder:
    """The port `ResultsFolder`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._own = root / OWN_FOLDER
        self._records_file = self._own / "files.jsonl"
        self._records: dict[str, _Record] = {}
        self._records_lock = threading.Lock()

    @contextmanager
    def exclusive(self, on_wait: Callable[[], None]) -> Iterator[None]:
        # Loaded here: only a pull needs it.
        from filelock import FileLock, Timeout

        (self._own / "parts").mkdir(parents=True, exist_ok=True)
        # The system releases it with the process, also after kill -9.
        lock = FileLock(self._own / "lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            on_wait()
            lock.acquire()
        try:
            self._records = _read_records(self._records_file)
            yield
        finally:
            lock.release()

    def claim(self, run: str) -> list[str]:
        run_file = self._own / "run"
        with suppress(OSError):
            if run_file.read_text("utf-8", "replace") == run:
                return []
        foreign = [name for name in self._records if (self.root / name).is_file()]
        self._records = {}
        # In this order: after a kill in between there are no records, so nothing is relied on.
        self._records_file.unlink(missing_ok=True)
        run_file.write_text(run, "utf-8")
        return foreign

    def existing(self, name: str, expected: ManifestEntry | None) -> FileContent | None:
        path = self._path(name)
        try:
            stat = path.stat(follow_symlinks=False)
        except OSError:
            return None
        record = self._records.get(name)
        entry = expected or (record and record.entry)
        if path.is_symlink() or not path.is_file() or not entry:
            return None
        if record and (record.entry.bytes, record.mtime_ns) == (stat.st_size, stat.st_mtime_ns):
            is_expected = record.entry.sha256 == entry.sha256
        else:
            is_expected = entry.matches(hash_file(path, entry.algorithm))
        return FileContent(entry.bytes, entry.sha256) if is_expected else None

    def part_path(self, name: str) -> Path:
        # Named by a hash: with a suffix, the longest names would be too long.
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
        line = {
            "path": name,
            "bytes": content.bytes,
            "sha256": content.sha256,
            "mtime_ns": path.stat().st_mtime_ns,
        }
        with self._records_lock, self._records_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            self._records[name] = _record(line)

    def write(self, name: str, data: bytes) -> None:
        with replace_file(self._path(name), self._own / "parts") as part:
            part.write_bytes(data)

    def read(self, name: str) -> bytes | None:
        try:
            return self._path(name).read_bytes()
        except OSError:
            return None

    def _path(self, name: str) -> Path:
        """Return the path of a file of this folder.

        Raises:
            InvalidInput: a symbolic link would lead out of the folder.
        """
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


def _read_records(file: Path) -> dict[str, _Record]:
    """Return the records by path, without a line that a kill cut off."""
    records = {}
    try:
        lines = file.read_text("utf-8").splitlines()
    except OSError:
        return {}
    for line in lines:
        try:
            record = _record(json.loads(line))
            records[record.entry.path] = record
        except (ValueError, KeyError, TypeError):
            continue
    return records


def _record(line: Mapping[str, Any]) -> _Record:
    return _Record(ManifestEntry(line["path"], line["bytes"], line["sha256"]), line["mtime_ns"])
