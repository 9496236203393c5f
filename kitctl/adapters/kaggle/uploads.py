"""Uploads to signed addresses, as Google's storage takes them: in one piece, or resumed."""

from __future__ import annotations

import errno
import math
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from kitctl import __version__
from kitctl.adapters.http import FileBody, HttpClient, Request, Response, TransportError
from kitctl.adapters.kaggle.errors import RetryLater
from kitctl.adapters.kaggle.retries import Retries
from kitctl.errors import InvalidInput, NetworkFailed
from kitctl.ports import UploadExpired, UploadSession

CONNECT_TIMEOUT_SECONDS = 10.0
READ_TIMEOUT_SECONDS = 120.0
PIECE_BYTES = 256 << 10

# Tries in a row that bring nothing new to the storage, and the seconds for each question to it.
MAX_FAILURES = 5
QUESTION_SECONDS = 120.0

_RANGE = re.compile(r"bytes=0-(\d{1,18})")


class HttpUploader:
    """The port `Uploader`; threads share its connections. `direct` uses no proxy."""

    def __init__(
        self, *, direct: bool = False, on_wait: Callable[[str], None] = lambda _: None
    ) -> None:
        self._direct = direct
        self._on_wait = on_wait
        self._clients: dict[str, HttpClient] = {}
        self._lock = threading.Lock()

    def send(
        self,
        session: UploadSession,
        file: Path,
        *,
        resume: bool,
        on_bytes: Callable[[int], None],
    ) -> None:
        size = file.stat().st_size
        arrived: int | None = self._arrived(session, size, file) if resume else 0
        counted = failures = 0
        while arrived is not None:
            on_bytes(arrived - counted)
            counted = start = arrived

            def count(more: int) -> None:
                nonlocal counted
                counted += more
                on_bytes(more)

            failure: RetryLater | None = None
            try:
                arrived = self._put(session, file, start, size, count)
            except RetryLater as error:
                failure, arrived = error, self._arrived(session, size, file)
            # A storage that takes nothing new, whatever it answers, is given up.
            failures = failures + 1 if arrived is not None and arrived <= start else 0
            if failures >= MAX_FAILURES:
                raise failure.error if failure else _no_progress(file)
            if failures:
                time.sleep(0.25 * 2**failures)
        on_bytes(size - counted)

    def _put(
        self,
        session: UploadSession,
        file: Path,
        start: int,
        size: int,
        on_bytes: Callable[[int], None],
    ) -> int | None:
        """Send the bytes from `start` on; return how many have arrived, None for all."""
        headers = {"Content-Range": f"bytes {start}-{size - 1}/{size}"} if start else {}
        body = FileBody(size - start, lambda: _pieces(file, start, size - start, on_bytes))
        return _answer(self._request(session, headers, body), file, size)

    def _arrived(self, session: UploadSession, size: int, file: Path) -> int | None:
        """Ask the storage how many bytes it has; None for all."""

        def ask() -> int | None:
            request = {"Content-Range": f"bytes */{size}"}
            return _answer(self._request(session, request, b""), file, size)

        return Retries(QUESTION_SECONDS, math.inf, self._on_wait).call(ask)

    def _request(
        self, session: UploadSession, headers: dict[str, str], body: bytes | FileBody
    ) -> Response:
        base, path = _split(session.url)
        request = Request(
            "PUT",
            path,
            {"User-Agent": f"kitctl/{__version__}", **headers},
            body,
            CONNECT_TIMEOUT_SECONDS,
            READ_TIMEOUT_SECONDS,
        )
        try:
            return self._client(base).send(request)
        except TransportError as error:
            # The error's own text is left out: it may hold the signed address.
            raise RetryLater(
                NetworkFailed(
                    "The connection broke off during the upload.",
                    code="upload_broken_off",
                    hint="Type the same command again: it goes on where it stopped.",
                ),
                lasting=error.lasting,
            ) from None

    def _client(self, base: str) -> HttpClient:
        with self._lock:
            if base not in self._clients:
                self._clients[base] = HttpClient(base, direct=self._direct)
            return self._clients[base]


def _answer(response: Response, file: Path, size: int) -> int | None:
    """Return how many bytes have arrived, None for all.

    Raises:
        RetryLater: the storage is busy.
        UploadExpired: the address does not work any more.
        NetworkFailed: the storage refuses the file.
    """
    status = response.status
    if status in {200, 201}:
        return None
    if status == 308:
        match = _RANGE.fullmatch(response.headers.get("Range", ""))
        arrived = int(match[1]) + 1 if match else 0
        if arrived > size:
            raise UploadExpired(f"The storage has another file than {file.name} there.")
        return arrived
    if status in {408, 429} or status >= 500:
        error = NetworkFailed(
            f"The storage is busy (HTTP {status}) and did not take {file.name}.",
            code="upload_failed",
            hint="Type the same command again in a few minutes: it goes on where it stopped.",
        )
        raise RetryLater(error, retry_after=_seconds(response.headers.get("Retry-After", "")))
    if status in {400, 403, 404, 410}:
        raise UploadExpired(f"The storage does not know the upload of {file.name} any more.")
    raise NetworkFailed(
        f"The storage does not take {file.name} (HTTP {status}).", code="upload_failed"
    )


def _no_progress(file: Path) -> NetworkFailed:
    return NetworkFailed(
        f"The storage takes nothing of {file.name}.",
        code="upload_failed",
        hint="Type the same command again in a few minutes.",
    )


def _pieces(file: Path, start: int, size: int, on_bytes: Callable[[int], None]) -> Iterator[bytes]:
    """Yield `size` bytes of a file from `start` on.

    Raises InvalidInput where it cannot be read or has become shorter.
    """
    left = size
    # Errors of the file must not look like errors of the connection.
    try:
        with file.open("rb") as source:
            source.seek(start)
            while left:
                piece = source.read(min(PIECE_BYTES, left))
                if not piece:
                    raise OSError(errno.EIO, "it became shorter")
                left -= len(piece)
                yield piece
                on_bytes(len(piece))
    except OSError as error:
        raise InvalidInput(
            f"{file} cannot be uploaded: {error.strerror or error}. No version was made.",
            code="file_changed",
            hint="Type the same command again once nothing writes to the folder.",
        ) from None


def _split(url: str) -> tuple[str, str]:
    """Return the address of the server, and the path with the query."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_usable = None
    if not is_usable:
        raise NetworkFailed("Kaggle gives no usable address to upload to.", code="bad_url")
    path = parts.path or "/"
    return f"{parts.scheme}://{parts.netloc}", f"{path}?{parts.query}" if parts.query else path


def _seconds(retry_after: str) -> float | None:
    return float(retry_after) if retry_after.isdecimal() and len(retry_after) < 6 else None
