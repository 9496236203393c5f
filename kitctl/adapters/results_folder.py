"""The folder of one run's results: files, unfinished parts, and what earlier pulls fetched.

kitctl's own files lie in `.kitctl/`: the run that the folder belongs to (`run`), a line for each
fetched file (`files.jsonl`), the parts that are still being fetched (`parts/`), and a lock. A file
gets its name only when it is whole. What belongs to another run is moved, never written over.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from glob import escape
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO

from kitctl.adapters.folder_lock import folder_lock
from kitctl.adapters.hashing import hash_file
from kitctl.adapters.results_records import (
    RECORDS_FILE,
    RUN_FILE,
    Record,
    append_record,
    read_records,
    read_run,
    write_run,
)
from kitctl.domain.results.files import OWN_FOLDER, ExpectedFile, RunIdentity, compact_time
from kitctl.errors import InvalidInput
from kitctl.files import own_file
from kitctl.ports import FileContent, MovedFiles


class LocalResultsFolder:
    """The port `ResultsFolder`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._own = root / OWN_FOLDER
        self._records: dict[str, Record] = {}
        self._records_lock = threading.Lock()
        self._moved: dict[Path, list[str]] = {}

    @property
    def moved(self) -> tuple[MovedFiles, ...]:
        return tuple(MovedFiles(folder, tuple(names)) for folder, names in self._moved.items())

    @property
    def owner(self) -> RunIdentity | None:
        return read_run(self.root)

    @contextmanager
    def exclusive(self, on_wait: Callable[[], None]) -> Iterator[None]:
        try:
            self._own.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInput(
                f"The folder {self.root} cannot be made: {error.strerror or error}.",
                code="folder_in_use",
                hint="Choose another folder with --out.",
            ) from None
        with folder_lock(self._own / "lock", on_wait):
            (self._own / "parts").mkdir(exist_ok=True)
            self._records = read_records(self.root)
            yield

    def is_case_sensitive(self) -> bool:
        probe = self._own / "parts" / "Name-\u00e9"
        probe.touch()
        try:
            others = ("name-\u00e9", "Name-e\u0301")
            return not any(probe.with_name(other).exists() for other in others)
        finally:
            probe.unlink()

    def claim(self, run: RunIdentity) -> None:
        owner = read_run(self.root)
        if owner is not None and run.is_same_run(owner):
            write_run(self.root, run.completed(owner))
            return
        try:
            if self._records or (self._own / RUN_FILE).exists():
                target = self._folder_beside(owner, self._own / RUN_FILE)
                self._moved[target] = _move_run(self.root, target)
            for folder in self._place.parent.glob(f"{escape(self._place.name)}.*"):
                if run.is_same_run(read_run(folder)):
                    _move_run(folder, self.root)
                    with suppress(OSError):
                        (folder / OWN_FOLDER).rmdir()
                        folder.rmdir()
                    break
        except OSError as error:
            raise InvalidInput(
                f"{self.root} holds the results of another run, which cannot be moved:"
                f" {error.strerror or error}. Nothing was fetched.",
                code="folder_of_another_run",
                hint="Choose another folder with --out.",
            ) from None
        write_run(self.root, run)
        self._records = read_records(self.root)

    def existing(self, name: str, expected: ExpectedFile) -> FileContent | None:
        path = self._path(name)
        try:
            stat = path.stat(follow_symlinks=False)
        except OSError:
            return None
        record = self._records.get(name)
        entry = expected.entry or (record and record.entry)
        if path.is_symlink() or not path.is_file() or not entry:
            return None
        if expected.bytes not in {None, stat.st_size}:
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

    def place(self, name: str, content: FileContent, part: Path) -> None:
        path = self._path(name)
        if not self._is_untouched(name, path):
            self._make_room(name, path, content)
        try:
            part.replace(path)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.replace(path)
        part.with_suffix(".etag").unlink(missing_ok=True)
        with self._records_lock:
            self._records[name] = append_record(
                self.root, name, content.bytes, content.sha256, path.stat().st_mtime_ns
            )

    def _is_untouched(self, name: str, path: Path) -> bool:
        """Return whether a pull has put the file there, and nobody has changed it since."""
        record = self._records.get(name)
        if record is None:
            return False
        try:
            stat = path.stat(follow_symlinks=False)
        except FileNotFoundError:
            return True
        if (record.entry.bytes, record.mtime_ns) == (stat.st_size, stat.st_mtime_ns):
            return True
        return path.is_file() and _sha256(path) == record.entry.sha256

    def open(self, name: str) -> BinaryIO | None:
        path = own_file(self.root, name)
        try:
            return path.open("rb") if path else None
        except OSError:
            return None

    @property
    def _place(self) -> Path:
        """The folder's own place: `--out .` has no name to make another one from."""
        return self.root.resolve()

    def _make_room(self, name: str, path: Path, content: FileContent) -> None:
        """Move what is in the way and of unknown origin; a file of the same content may go."""
        obstacles = [parent for parent in path.parents if parent.is_relative_to(self.root)]
        for obstacle in (path, *obstacles[:-1]):
            if not os.path.lexists(obstacle):
                continue
            if obstacle != path and obstacle.is_dir():
                return
            is_same = obstacle.is_file() and not obstacle.is_symlink()
            if obstacle == path and is_same and _sha256(path) == content.sha256:
                return
            with self._records_lock:
                folder = next(iter(self._moved), None) or self._folder_beside(None, obstacle)
                moved = str(obstacle.relative_to(self.root))
                _move([moved], self.root, folder)
                self._moved.setdefault(folder, []).append(moved)

    def _folder_beside(self, owner: RunIdentity | None, dated: Path) -> Path:
        """Return a folder for the owner's files, with their time in its name: its own, or none's.

        `dated` has that time where the owner does not say it.
        """
        time = compact_time(owner.time if owner else "", dated.lstat().st_mtime)
        suffixes = chain([""], (f"-{number}" for number in count(2)))
        folders = (
            self._place.with_name(f"{self._place.name}.{time}{suffix}") for suffix in suffixes
        )
        # A kill may have left one half moved.
        return next(
            folder
            for folder in folders
            if not os.path.lexists(folder) or (owner and owner.is_same_run(read_run(folder)))
        )

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


def _move_run(source: Path, target: Path) -> list[str]:
    """Move a run's files and then what is noted of them; return their names.

    After a kill in between, the same call goes on.
    """
    records = read_records(source)
    own = target / OWN_FOLDER
    own.mkdir(parents=True, exist_ok=True)
    if owner := read_run(source):
        write_run(target, owner)
    moved = _move(records, source, target)
    for name in (RECORDS_FILE, RUN_FILE):
        with suppress(FileNotFoundError):
            (source / OWN_FOLDER / name).replace(own / name)
    return moved


def _move(names: Iterable[str], source: Path, target: Path) -> list[str]:
    moved = []
    for name in names:
        path, new = source / name, target / name
        folders = path.parents[: len(Path(name).parts) - 1]
        if not os.path.lexists(path) or any(folder.is_symlink() for folder in folders):
            continue
        new.parent.mkdir(parents=True, exist_ok=True)
        path.replace(new)
        moved.append(name)
        for folder in folders:
            with suppress(OSError):
                folder.rmdir()
    return moved


def _sha256(path: Path) -> str:
    return hash_file(path, "sha256").digest
