"""Uploads: a file is announced, arrives in one or several requests, and is used by its token."""

from __future__ import annotations

import secrets
from pathlib import Path

from kitctl.local.state.clock import ServerClock
from kitctl.local.state.database import Database
from kitctl.local.state.errors import bad_request, not_found
from kitctl.local.state.records import Blob


class Blobs:
    """Uploaded files that no data set has taken yet."""

    def __init__(self, database: Database, clock: ServerClock, folder: Path) -> None:
        self._database = database
        self._clock = clock
        self._folder = folder

    def create(self, name: str, size: int) -> Blob:
        """Announce a file of `size` bytes and return its empty blob."""
        token = secrets.token_urlsafe(24)
        self._database.execute(
            "INSERT INTO blobs VALUES (?, ?, ?, ?)", token, name, size, self._clock.now()
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        blob = self.get(token)
        blob.path.touch()
        return blob

    def get(self, token: str) -> Blob:
        """Return the blob of a token.

        Raises:
            ApiError: there is none.
        """
        row = self._database.fetch_one("SELECT * FROM blobs WHERE token = ?", token)
        if row is None:
            raise not_found("This upload has expired.")
        return Blob(token, row["name"], row["bytes"], self._folder / token)

    def received_bytes(self, blob: Blob) -> int:
        """Return how many bytes have arrived."""
        return blob.path.stat().st_size if blob.path.exists() else 0

    def get_complete(self, token: str) -> Blob:
        """Return the blob of a token once all of it has arrived.

        Raises:
            ApiError: there is none, or a part of it is missing.
        """
        blob = self.get(token)
        if self.received_bytes(blob) != blob.bytes:
            raise bad_request(f'The upload of "{blob.name}" is not complete.')
        return blob

    def delete(self, blob: Blob) -> None:
        self._database.execute("DELETE FROM blobs WHERE token = ?", blob.token)
        blob.path.unlink(missing_ok=True)
