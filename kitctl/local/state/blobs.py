"""Uploads: a blob is announced, arrives in one piece or several, and is then used by its token."""

from __future__ import annotations

import secrets
from pathlib import Path

from kitctl.local.state.clock import Clock
from kitctl.local.state.database import Database
from kitctl.local.state.records import Blob
from kitctl.local.state.refusals import bad_request, not_found


class Blobs:
    def __init__(self, database: Database, clock: Clock, folder: Path) -> None:
        self._database = database
        self._clock = clock
        self._folder = folder

    def announce(self, name: str, size: int) -> Blob:
        """Make room for a file of `size` bytes."""
        token = secrets.token_urlsafe(24)
        self._database.change(
            "INSERT INTO blobs VALUES (?, ?, ?, ?)", token, name, size, self._clock.now()
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        blob = self.get(token)
        blob.path.touch()
        return blob

    def get(self, token: str) -> Blob:
        row = self._database.row("SELECT * FROM blobs WHERE token = ?", token)
        if row is None:
            raise not_found("This upload has expired.")
        return Blob(token, row["name"], row["bytes"], self._folder / token)

    def received(self, blob: Blob) -> int:
        """How many bytes of it have arrived."""
        return blob.path.stat().st_size if blob.path.exists() else 0

    def take(self, token: str) -> Blob:
        """The blob, if all of it has arrived."""
        blob = self.get(token)
        if self.received(blob) != blob.bytes:
            raise bad_request(f'The upload of "{blob.name}" is not complete.')
        return blob

    def forget(self, blob: Blob) -> None:
        self._database.change("DELETE FROM blobs WHERE token = ?", blob.token)
        blob.path.unlink(missing_ok=True)
