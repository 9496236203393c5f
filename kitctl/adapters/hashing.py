"""The digest of what comes, reckoned beside its coming."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from kitctl.domain.results import Algorithm, DownloadedFile

# Bytes read at a time.
PIECE = 1 << 19

# Pieces that the hash may be behind. They are kept in memory, for each file that comes.
MOST_BEHIND = 3


def hash_file(path: Path, algorithm: Algorithm) -> DownloadedFile:
    """What a file is that has come before."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, algorithm)
        return DownloadedFile(file.tell(), digest.hexdigest())


class Hashing:
    """Reads piece by piece and hashes in a thread of its own: of a long file that takes longest.

    Its rooms for pieces are used in turn, so that memory stays warm and small.
    """

    def __init__(self, algorithm: Algorithm) -> None:
        self._digest = hashlib.new(algorithm)
        self._worker = ThreadPoolExecutor(1, "hashing")
        self._behind: deque[tuple[Future[None], memoryview]] = deque()

    def __enter__(self) -> Hashing:
        return self

    def __exit__(self, *error: object) -> None:
        self._worker.shutdown()

    def pieces(
        self, fill: Callable[[memoryview], int], announced: int | None
    ) -> Iterator[memoryview]:
        """What `fill` puts into the room that it is given, until it puts nothing.

        `announced`: bytes that should come (None: nobody knows), after which it is not asked for
        more. A piece is good until the next one is asked for.
        """
        left = announced
        while left != 0:
            room = self._room(PIECE if left is None else min(left, PIECE))
            piece = room[: fill(room)]
            if not piece:
                return
            if len(piece) == PIECE:
                self._behind.append((self._worker.submit(self._digest.update, piece), room))
            else:
                # The last piece, and all of a short file: a thread would cost more.
                self._catch_up()
                self._digest.update(piece)
            left = None if left is None else left - len(piece)
            yield piece

    def hexdigest(self) -> str:
        self._catch_up()
        return self._digest.hexdigest()

    def _room(self, size: int) -> memoryview:
        # Fresh memory is dear, so a short file gets no more than it needs.
        if size < PIECE or len(self._behind) <= MOST_BEHIND:
            return memoryview(bytearray(size))
        hashed, room = self._behind.popleft()
        hashed.result()
        return room

    def _catch_up(self) -> None:
        while self._behind:
            self._behind.popleft()[0].result()
