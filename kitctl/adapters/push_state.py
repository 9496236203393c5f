"""The state of one data set's pushes: a journal of lines, and the archives of an unfinished push.

`journal.jsonl` only grows during a push, so that kill -9 leaves at most half a line. It holds the
addresses of uploads, which are signed: the folder is the user's own.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any

from kitctl.adapters.folder_lock import folder_lock
from kitctl.domain.data.datasets import LocalFile, UploadItem
from kitctl.errors import InvalidInput
from kitctl.files import replace_file
from kitctl.ports import SavedContent, SentRequest, UploadSession

# A day less than Google's storage keeps an upload.
UPLOAD_SECONDS = 6 * 24 * 3600.0

COPY_BYTES = 1 << 20


class LocalPushState:
    """The port `PushState` in a folder of kitctl's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._journal = folder / "journal.jsonl"
        self._archives = folder / "archives"
        self._lock = threading.Lock()
        self._sessions: dict[str, tuple[UploadSession, float]] = {}
        self._uploaded: set[str] = set()
        self.saved: SavedContent | None = None
        self.sent: SentRequest | None = None

    @contextmanager
    def exclusive(self, on_wait: Callable[[], None]) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with folder_lock(self._folder / "lock", on_wait):
            self._read()
            yield

    def token(self, item: UploadItem, now: float) -> str | None:
        session = self.session(item, now)
        return session.token if session and item.key in self._uploaded else None

    def session(self, item: UploadItem, now: float) -> UploadSession | None:
        session, begun_at = self._sessions.get(item.key, (None, 0.0))
        return session if now - begun_at < UPLOAD_SECONDS else None

    def record_begun(self, item: UploadItem, session: UploadSession, now: float) -> None:
        self._note(begun=item.key, token=session.token, url=session.url, at=now)

    def record_uploaded(self, item: UploadItem) -> None:
        self._note(uploaded=item.key)
        if item.is_archive:
            self._archive_path(item).unlink(missing_ok=True)

    def record_sent(self, sent: SentRequest) -> None:
        self._note(sent=sent.digest, version=sent.version, at=sent.at)

    def record_refused(self) -> None:
        self._note(refused=True)

    def record_saved(self, saved: SavedContent) -> None:
        line = {"saved": saved.digest, "version": saved.version, "dataset": saved.dataset}
        with replace_file(self._journal) as part:
            part.touch(0o600)
            part.write_text(json.dumps(line) + "\n", "utf-8")
        rmtree(self._archives, ignore_errors=True)
        self._read()

    def archive(self, item: UploadItem, root: Path) -> Path:
        path = self._archive_path(item)
        if not path.exists():
            with replace_file(path) as part:
                _pack(item.files, root, part)
        return path

    def _archive_path(self, item: UploadItem) -> Path:
        name = hashlib.sha256(item.key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return self._archives / f"{name}.zip"

    def _read(self) -> None:
        self._sessions, self._uploaded = {}, set()
        self.saved = self.sent = None
        try:
            lines = self._journal.read_text("utf-8", "replace").splitlines()
        except OSError:
            return
        for line in lines:
            try:
                self._apply(json.loads(line))
            except (ValueError, KeyError, TypeError, RecursionError):
                continue  # A kill has cut it off.

    def _apply(self, line: dict[str, Any]) -> None:
        match line:
            case {"begun": str(key), "token": str(token), "url": str(url), "at": float(at)}:
                self._sessions[key] = UploadSession(token, url), at
                self._uploaded.discard(key)
            case {"uploaded": str(key)}:
                self._uploaded.add(key)
            case {"sent": str(digest), "version": int(version), "at": float(at)}:
                self.sent = SentRequest(digest, version, at)
            case {"refused": True}:
                self.sent = None
                # A storage may have said too early that it has all of a file: it is asked again.
                self._uploaded.clear()
            case {"saved": str(digest), "version": int(version)}:
                self.saved = SavedContent(digest, version, int(line.get("dataset", 0)))

    def _note(self, **line: object) -> None:
        with self._lock:
            handle = os.open(self._journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with open(handle, "a", encoding="utf-8") as file:  # noqa: PTH123 - of a descriptor
                # A line that a kill has cut off ends here.
                file.write("\n" + json.dumps(line) + "\n")
            self._apply(line)


def _pack(files: tuple[LocalFile, ...], root: Path, target: Path) -> None:
    """Write the files of one folder into an archive, without compression and without times.

    Names are those below the folder, since Kaggle makes a folder of the archive's name. Photos are
    compressed already, and the same bytes each time let an upload be resumed.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for file in sorted(files):
            entry = zipfile.ZipInfo(file.path.partition("/")[2])
            entry.external_attr = 0o644 << 16
            entry.file_size = file.bytes
            with archive.open(entry, "w") as sink:
                _copy(file, root / file.path, sink)


def _copy(file: LocalFile, path: Path, sink: Any) -> None:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as source:
            while piece := source.read(COPY_BYTES):
                digest.update(piece)
                sink.write(piece)
    except OSError as error:
        raise _changed(file, f"cannot be read: {error.strerror or error}") from None
    if digest.hexdigest() != file.sha256:
        raise _changed(file, "was changed while it was read")


def _changed(file: LocalFile, how: str) -> InvalidInput:
    return InvalidInput(
        f"{file.path} {how}; no version was made.",
        code="file_changed",
        hint="Type the same command again once nothing writes to the folder.",
    )
