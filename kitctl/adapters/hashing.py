"""Hash files: one that is here, or one that is being downloaded, in a worker thread."""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from kitctl.domain.results.files import Algorithm, DownloadedFile

# Bytes of a piece; shorter ones are hashed in the caller's thread.
PIECE_BYTES = 1 << 19

# Pieces that the worker may be behind. They stay in memory, for each file that is downloaded.
MAX_PENDING_PIECES = 3


def hash_file(path: Path, algorithm: Algorithm) -> DownloadedFile:
    """Return the size and the digest of a file that is here."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, algorithm)
        return DownloadedFile(file.tell(), digest.hexdigest())


class BackgroundHash:
    """A hash that is computed in a worker thread while the next piece is read.

    Hashing takes longer than anything else that is done with a long file.
    """

    def __init__(self, algorithm: Algorithm) -> None:
        self._digest = hashlib.new(algorithm)
        self._worker = ThreadPoolExecutor(1, "hashing")  # It starts with the first long piece.
        self._pending: deque[Future[None]] = deque()

    def __enter__(self) -> BackgroundHash:
        return self

    def __exit__(self, *error: object) -> None:
        self._worker.shutdown()

    def update(self, piece: bytes) -> None:
        """Add a piece; waits while the worker is too far behind."""
        if len(piece) < PIECE_BYTES:
            # The last piece, and all of a short file: a thread would cost more.
            self._wait(0)
            self._digest.update(piece)
        else:
            self._pending.append(self._worker.submit(self._digest.update, piece))
            self._wait(MAX_PENDING_PIECES)

    def hexdigest(self) -> str:
        """Return the digest of every piece so far."""
        self._wait(0)
        return self._digest.hexdigest()

    def _wait(self, max_pending: int) -> None:
        while len(self._pending) > max_pending:
            self._pending.popleft().result()
