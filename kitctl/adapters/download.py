"""One file over HTTP: streamed to a part file, taken up again by range, hashed as it comes."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

from kitctl import __version__
from kitctl.adapters.hashing import PIECE, Hashing, hash_file
from kitctl.adapters.http import HttpClient, Request, TransportError
from kitctl.domain.results import Algorithm, DownloadedFile, is_error_body
from kitctl.errors import NetworkFailed
from kitctl.ports import DownloadInterrupted, OutputFile, UrlExpired

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 60.0

MOST_REDIRECTS = 5

# What stays as it is in an address; all else (a space, an umlaut) is percent-encoded.
SIGNS_OF_AN_ADDRESS = "!#$%&'()*+,/:;=?@[]~"

# Bytes at the beginning of an answer that tell an error from a file.
ENOUGH_TO_TELL = 4096

_TOTAL = re.compile(r"bytes (\d+)-\d+/(\d+)")


class HttpDownloader:
    """The port `Downloads`; threads share its connections. `direct`: past every proxy."""

    def __init__(self, *, direct: bool = False) -> None:
        self._direct = direct
        self._hosts: dict[str, HttpClient] = {}
        self._lock = threading.Lock()

    def fetch(
        self,
        file: OutputFile,
        part: Path,
        algorithm: Algorithm = "sha256",
        on_bytes: Callable[[int], None] = lambda _: None,
    ) -> DownloadedFile:
        mark = part.with_suffix(".etag")
        offset, etag = _begun(part, mark)
        try:
            with self._open(file.url, offset, etag) as response:
                if offset and _is_all_here(response, offset):
                    on_bytes(offset)
                    return hash_file(part, algorithm)
                offset = _checked(response, file, offset)
                if not offset and not _is_one_piece(response):
                    mark.write_text(response.headers.get("ETag", ""), "utf-8")
                return _stream(response, file, part, offset, Hashing(algorithm), on_bytes)
        except TransportError:
            raise _broken_off(file) from None

    @contextmanager
    def _open(self, url: str, offset: int, etag: str) -> Iterator[HTTPResponse]:
        headers = {"User-Agent": f"kitctl/{__version__}", "Accept-Encoding": "identity"}
        if offset:
            headers |= {"Range": f"bytes={offset}-", "If-Range": etag}
        for _ in range(MOST_REDIRECTS):
            parts = urlsplit(url)
            target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
            target = quote(target, safe=SIGNS_OF_AN_ADDRESS)
            request = Request("GET", target, headers, None, CONNECT_SECONDS, SILENCE_SECONDS)
            with self._connections(f"{parts.scheme}://{parts.netloc}").open(request) as response:
                elsewhere = response.headers.get("Location")
                if response.status not in {301, 302, 303, 307, 308} or not elsewhere:
                    yield response
                    return
                url = urljoin(url, elsewhere)
        raise TransportError("One address only leads to the next.")

    def _connections(self, base: str) -> HttpClient:
        with self._lock:
            if base not in self._hosts:
                self._hosts[base] = HttpClient(base, direct=self._direct)
            return self._hosts[base]


def _begun(part: Path, mark: Path) -> tuple[int, str]:
    """How much has come before, and of which file; nothing where that cannot be told."""
    try:
        etag = mark.read_text("utf-8")
        # A weak one cannot vouch for bytes.
        return (part.stat().st_size, etag) if etag.startswith('"') else (0, "")
    except OSError:
        return 0, ""


def _is_all_here(response: HTTPResponse, offset: int) -> bool:
    """Whether there is nothing left to come: it was all here, but not moved to its name."""
    whole = response.headers.get("Content-Range", "")
    return response.status == 416 and whole == f"bytes */{offset}"


def _checked(response: HTTPResponse, file: OutputFile, offset: int) -> int:
    """From where the answer starts; raises for what is no answer to it."""
    status = response.status
    if status in {429, 500, 502, 503, 504}:
        raise DownloadInterrupted(
            f"The storage is busy (HTTP {status}) and did not send {file.name}.",
            retry_after=response.headers.get("Retry-After"),
        )
    if status == 416:  # The part is longer than the file: it is another one's.
        raise DownloadInterrupted(f"What had come of {file.name} was of no use.", start_over=True)
    if 400 <= status < 500:
        raise UrlExpired(f"The address of {file.name} does not work any more (HTTP {status}).")
    if status == 206:
        found = _TOTAL.match(response.headers.get("Content-Range", ""))
        if not found or int(found[1]) != offset:
            raise DownloadInterrupted(
                f"Another part of {file.name} came than was asked for.", start_over=True
            )
        return offset
    if status != 200:
        raise NetworkFailed(
            f"The storage answered {status} instead of {file.name}.", code="download_failed"
        )
    return 0


def _is_one_piece(response: HTTPResponse) -> bool:
    """Whether it comes whole or not at all, so that there is nothing to take up again."""
    return response.length is not None and response.length <= PIECE


def _stream(
    response: HTTPResponse,
    file: OutputFile,
    part: Path,
    offset: int,
    hashing: Hashing,
    on_bytes: Callable[[int], None],
) -> DownloadedFile:
    announced, size = response.length, offset

    def receive(room: memoryview) -> int:
        try:
            return response.readinto(room)
        except (OSError, HTTPException):
            raise _broken_off(file) from None

    with part.open("ab" if offset else "wb") as sink, hashing:
        if offset:
            with part.open("rb") as begun:
                for _ in hashing.pieces(begun.readinto, offset):
                    pass
        on_bytes(offset)
        for piece in hashing.pieces(receive, announced):
            if not size and is_error_body(
                file.name, response.headers.get("Content-Type", ""), bytes(piece[:ENOUGH_TO_TELL])
            ):
                raise UrlExpired(f"An error message came in place of {file.name}.")
            sink.write(piece)
            size += len(piece)
            on_bytes(len(piece))
    if announced is not None and size - offset != announced:
        raise _broken_off(file)
    return DownloadedFile(size, hashing.hexdigest())


def _broken_off(file: OutputFile) -> DownloadInterrupted:
    # What the error itself says may hold the signed address; it stays out.
    return DownloadInterrupted(f"The connection broke off while {file.name} came.")
