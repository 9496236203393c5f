"""Download one file: streamed to a part file, resumed by a range request, hashed on the way."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from kitctl import __version__
from kitctl.adapters.hashing import PIECE_BYTES, BackgroundHash, hash_file
from kitctl.adapters.http import (
    HttpClient,
    Request,
    StreamedResponse,
    TransportError,
    retry_after,
)
from kitctl.domain.results.files import DownloadedFile, ExpectedFile, is_error_body
from kitctl.errors import NetworkFailed
from kitctl.ports import DownloadInterrupted, OutputFile, UrlExpired

CONNECT_TIMEOUT_SECONDS = 10.0
READ_TIMEOUT_SECONDS = 60.0

MAX_REDIRECTS = 5

# Bytes at the beginning of a body that tell an error from a file.
ERROR_HEAD_BYTES = 4096

UNKNOWN = ExpectedFile()

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


class HttpDownloader:
    """The port `Downloader`; threads share its connections. `direct` uses no proxy."""

    def __init__(self, *, direct: bool = False) -> None:
        self._direct = direct
        self._clients: dict[str, HttpClient] = {}
        self._lock = threading.Lock()

    def fetch(
        self,
        file: OutputFile,
        part: Path,
        expected: ExpectedFile = UNKNOWN,
        on_bytes: Callable[[int], None] = lambda _: None,
    ) -> DownloadedFile:
        etag_file = part.with_suffix(".etag")
        offset, etag = _resume_point(part, etag_file)
        size = expected.bytes
        try:
            with self._stream(file, offset, etag) as response:
                if offset and _is_complete(response, offset) and size in {None, offset}:
                    on_bytes(offset)
                    return hash_file(part, expected.algorithm)
                offset = _check_start(response, file, offset)
                body = _Body(response, file, offset, size)
                if not offset and not _is_one_piece(response):
                    etag_file.write_text(response.headers.get("ETag", ""), "utf-8")
                with BackgroundHash(expected.algorithm) as digest:
                    return _save(body, part, offset, digest, on_bytes)
        except TransportError:
            # The error's own text is left out: it may hold the signed address.
            raise _interrupted(file) from None

    @contextmanager
    def _stream(self, file: OutputFile, offset: int, etag: str) -> Iterator[StreamedResponse]:
        """The response to a request for the file, from `offset` on, after any redirects."""
        headers = {"User-Agent": f"kitctl/{__version__}", "Accept-Encoding": "identity"}
        if offset:
            headers |= {"Range": f"bytes={offset}-", "If-Range": etag}
        url = file.url
        for _ in range(MAX_REDIRECTS):
            base, path = _split(url, file)
            request = Request(
                "GET", path, headers, None, CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS
            )
            with self._client(base).stream(request) as response:
                location = response.headers.get("Location")
                if response.status not in {301, 302, 303, 307, 308} or not location:
                    yield response
                    return
                target = urljoin(url, location)
                if urlsplit(target).scheme not in {urlsplit(url).scheme, "https"}:
                    raise _bad_url(file)
                url = target
        raise TransportError("There were too many redirects.")

    def _client(self, base: str) -> HttpClient:
        with self._lock:
            if base not in self._clients:
                self._clients[base] = HttpClient(base, direct=self._direct)
            return self._clients[base]


def _split(url: str, file: OutputFile) -> tuple[str, str]:
    """Return the address of the server, and the path with the query.

    Raises:
        NetworkFailed: this is no address of a file.
    """
    try:
        parts = urlsplit(url)
        # A port that is no number raises ValueError.
        is_web = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        (parts.hostname or "").encode("idna")
    except ValueError:
        is_web = None
    if not is_web:
        raise _bad_url(file)
    path = parts.path or "/"
    return f"{parts.scheme}://{parts.netloc}", f"{path}?{parts.query}" if parts.query else path


def _resume_point(part: Path, etag_file: Path) -> tuple[int, str]:
    """Return the bytes that are here and their file's ETag; 0 and "" where it is not certain."""
    try:
        etag = etag_file.read_text("utf-8")
        # A weak ETag does not promise equal bytes.
        return (part.stat().st_size, etag) if etag.startswith('"') else (0, "")
    except OSError:
        return 0, ""


def _is_complete(response: StreamedResponse, offset: int) -> bool:
    """Whether the part is the whole file: killed before it was moved to its name."""
    content_range = response.headers.get("Content-Range", "")
    return response.status == 416 and content_range == f"bytes */{offset}"


def _check_start(response: StreamedResponse, file: OutputFile, offset: int) -> int:
    """Return the byte that the body starts at.

    Raises:
        DownloadInterrupted: this is not the file, and another request may succeed.
        UrlExpired: the address does not work any more.
    """
    status = response.status
    if status in {408, 425, 429} or status >= 500:
        raise DownloadInterrupted(
            f"The storage is busy (HTTP {status}) and did not send {file.name}.",
            retry_after=retry_after(response.headers),
        )
    if status == 416:  # The part is longer than the file, so it is of another file.
        raise DownloadInterrupted(
            f"The part of {file.name} that is here does not belong to it.", start_over=True
        )
    if 400 <= status < 500:
        raise UrlExpired(f"The address of {file.name} does not work any more (HTTP {status}).")
    if status == 206:
        content_range = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
        if not content_range or int(content_range[1]) != offset:
            raise DownloadInterrupted(
                f"The storage sent another part of {file.name} than requested.",
                start_over=True,
            )
        return offset
    if status != 200:
        raise DownloadInterrupted(
            f"The storage answered {status} instead of {file.name}.",
            code="download_failed",
        )
    return 0


def _is_one_piece(response: StreamedResponse) -> bool:
    """Whether the file is too short to be worth resuming."""
    return response.content_length is not None and response.content_length <= PIECE_BYTES


class _Body:
    """The rest of a file in a response, checked by the file's size where that is known.

    Without one, what looks like an error message counts as one.

    Raises DownloadInterrupted or UrlExpired where it is not the file.
    """

    def __init__(
        self, response: StreamedResponse, file: OutputFile, offset: int, size: int | None
    ) -> None:
        self._response, self._file = response, file
        self._read, self._size = offset, size
        length = response.content_length
        if size is not None and length is not None and offset + length != size:
            raise self._other_size(offset + length, response.read(ERROR_HEAD_BYTES))

    def pieces(self) -> Iterator[bytes]:
        head = b""
        while piece := self._response.read(PIECE_BYTES):
            head = head or piece[:ERROR_HEAD_BYTES]
            if self._size is None and not self._read and self._is_error(head):
                raise UrlExpired(f"The storage sent an error message instead of {self._file.name}.")
            self._read += len(piece)
            if self._size is not None and self._read > self._size:
                raise self._other_size(self._read, head)
            yield piece
        if self._size is not None and self._read < self._size:
            raise self._other_size(self._read, head)

    def _is_error(self, head: bytes) -> bool:
        content_type = self._response.headers.get("Content-Type", "")
        return is_error_body(self._file.name, content_type, head)

    def _other_size(self, size: int, head: bytes) -> NetworkFailed:
        if self._is_error(head):
            return UrlExpired(f"The storage sent an error message instead of {self._file.name}.")
        return DownloadInterrupted(
            f"The storage sent {size:,} bytes as {self._file.name}, which has {self._size:,}.",
            code="wrong_size",
            # A body that ended too early may go on; only an ETag tells, as ever.
            start_over=size > (self._size or 0) or self._response.content_length is not None,
        )


def _save(
    body: _Body,
    part: Path,
    offset: int,
    digest: BackgroundHash,
    on_bytes: Callable[[int], None],
) -> DownloadedFile:
    size = offset
    pieces = body.pieces()
    with part.open("ab" if offset else "wb") as sink:
        if offset:
            _hash_part(part, digest)
        on_bytes(offset)
        for piece in pieces:
            digest.update(piece)
            sink.write(piece)
            size += len(piece)
            on_bytes(len(piece))
    return DownloadedFile(size, digest.hexdigest())


def _hash_part(part: Path, digest: BackgroundHash) -> None:
    with part.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)


def _bad_url(file: OutputFile) -> NetworkFailed:
    return NetworkFailed(f"Kaggle gives no usable address of {file.name!r}.", code="bad_url")


def _interrupted(file: OutputFile) -> DownloadInterrupted:
    return DownloadInterrupted(f"The connection broke off during the download of {file.name}.")
