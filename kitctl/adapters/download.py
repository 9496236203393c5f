"""One file over HTTP: streamed to a part file, taken up again by range, hashed as it comes."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from kitctl.domain.results import is_error_body
from kitctl.errors import NetworkFailed
from kitctl.ports import BrokenOff, Content, OutputFile, UrlExpired

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 60.0

# Bytes read at a time; times the number of files at once, this is what a pull keeps in memory.
PIECE = 1 << 20

# Pieces that the hash may be behind; they too are kept in memory.
MOST_BEHIND = 3

_TOTAL = re.compile(r"bytes (\d+)-\d+/(\d+)")


class HttpDownloads:
    """The port `Downloads`; threads share its connections. `direct`: past every proxy."""

    def __init__(self, connections: int, *, direct: bool = False) -> None:
        import requests
        from requests.adapters import HTTPAdapter

        self._session = requests.Session()
        self._session.trust_env = not direct
        pool = HTTPAdapter(pool_connections=4, pool_maxsize=connections)
        self._session.mount("https://", pool)
        self._session.mount("http://", pool)

    def fetch(
        self, file: OutputFile, part: Path, on_bytes: Callable[[int], None] = lambda _: None
    ) -> Content:
        import requests

        mark = part.with_suffix(".etag")
        offset, etag = _begun(part, mark)
        try:
            with self._open(file.url, offset, etag) as response:
                if offset and _is_all_here(response, offset):
                    on_bytes(offset)
                    return _hashed(part)
                offset = _checked(response, file, offset)
                if not offset:
                    mark.write_text(response.headers.get("ETag", ""), "utf-8")
                return _stream(response, file, part, offset, on_bytes)
        except requests.RequestException:
            # What it says holds the signed address; it stays out.
            raise BrokenOff(f"The connection broke off while {file.name} came.") from None

    def _open(self, url: str, offset: int, etag: str) -> requests.Response:
        headers = {"Accept-Encoding": "identity"}
        if offset:
            headers |= {"Range": f"bytes={offset}-", "If-Range": etag}
        return self._session.get(
            url, headers=headers, stream=True, timeout=(CONNECT_SECONDS, SILENCE_SECONDS)
        )


def _begun(part: Path, mark: Path) -> tuple[int, str]:
    """How much has come before, and of which file; nothing where that cannot be told."""
    try:
        etag = mark.read_text("utf-8")
        # A weak one cannot vouch for bytes.
        return (part.stat().st_size, etag) if etag.startswith('"') else (0, "")
    except OSError:
        return 0, ""


def _is_all_here(response: requests.Response, offset: int) -> bool:
    """Whether there is nothing left to come: it was all here, but not moved to its name."""
    whole = response.headers.get("Content-Range", "")
    return response.status_code == 416 and whole == f"bytes */{offset}"


def _hashed(part: Path) -> Content:
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return Content(file.tell(), digest.hexdigest())


def _checked(response: requests.Response, file: OutputFile, offset: int) -> int:
    """From where the answer starts; raises for what is no answer to it."""
    status = response.status_code
    if status in {429, 500, 502, 503, 504}:
        raise BrokenOff(
            f"The storage is busy (HTTP {status}) and did not send {file.name}.",
            retry_after=response.headers.get("Retry-After"),
        )
    if status == 416:  # The part is longer than the file: it is another one's.
        raise BrokenOff(f"What had come of {file.name} was of no use.", start_over=True)
    if 400 <= status < 500:
        raise UrlExpired(f"The address of {file.name} does not work any more (HTTP {status}).")
    if status == 206:
        found = _TOTAL.match(response.headers.get("Content-Range", ""))
        if not found or int(found[1]) != offset:
            raise BrokenOff(
                f"Another part of {file.name} came than was asked for.", start_over=True
            )
        return offset
    if status != 200:
        raise NetworkFailed(
            f"The storage answered {status} instead of {file.name}.", code="download_failed"
        )
    return 0


def _stream(
    response: requests.Response,
    file: OutputFile,
    part: Path,
    offset: int,
    on_bytes: Callable[[int], None],
) -> Content:
    size = offset
    with part.open("r+b" if offset else "wb") as sink, _Hashing() as hashing:
        while offset and (piece := sink.read(PIECE)):
            hashing.update(piece)
        on_bytes(offset)
        for piece in response.iter_content(PIECE):
            if not size and is_error_body(
                file.name, response.headers.get("Content-Type", ""), piece
            ):
                raise UrlExpired(f"An error message came in place of {file.name}.")
            hashing.update(piece)
            sink.write(piece)
            size += len(piece)
            on_bytes(len(piece))
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and size - offset != int(announced):
        raise BrokenOff(f"The connection broke off while {file.name} came.")
    return Content(size, hashing.digest.hexdigest())


class _Hashing:
    """A hash that is reckoned beside the receiving and writing, which cost about as much."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self._worker = ThreadPoolExecutor(1, "hashing")
        self._behind: deque[Future[None]] = deque()

    def __enter__(self) -> _Hashing:
        return self

    def __exit__(self, *error: object) -> None:
        self._worker.shutdown()

    def update(self, piece: bytes) -> None:
        self._behind.append(self._worker.submit(self.digest.update, piece))
        if len(self._behind) > MOST_BEHIND:
            self._behind.popleft().result()
