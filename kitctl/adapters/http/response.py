"""A response: whole, or read as it comes; in each case of a size that the memory can hold."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from kitctl.adapters.http.time_limit import call_until
from kitctl.adapters.http.transport_error import TransportError, late, lost, too_large

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

PIECE_BYTES = 1 << 18

# What is read at once of an answer, and of a line. Compressed, either may be of any size.
LARGEST_ANSWER_BYTES = 64_000_000
LONGEST_LINE_BYTES = 16_000_000


class Response(NamedTuple):
    """A whole response; the names of its headers are case-insensitive."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class StreamedResponse:
    """A response whose body is read as it comes. Every read may raise TransportError."""

    def __init__(self, raw: BaseHTTPResponse, host: str, deadline: float | None = None) -> None:
        self._raw = raw
        self._host = host
        self._deadline = deadline
        self._is_late = False
        self.status = raw.status
        self.headers: Mapping[str, str] = raw.headers
        self.content_length = raw.length_remaining
        """Bytes of the body; None where the server did not say."""

    def load(self) -> Response:
        """Read the whole body, uncompressed.

        Raises TransportError where it is larger than any answer of Kaggle's.
        """
        pieces, length = [], 0
        while piece := self._receive(lambda: self._raw.read(PIECE_BYTES, decode_content=True)):
            pieces.append(piece)
            length += len(piece)
            if length > LARGEST_ANSWER_BYTES:
                raise too_large(self._host)
        return Response(self.status, self.headers, b"".join(pieces))

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes as they were sent; b"" at the end."""
        return self._receive(lambda: self._raw.read(size, decode_content=False))

    def text(self) -> Iterator[str]:
        """Yield the body as it comes, uncompressed; what is no UTF-8 is replaced."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            piece = self._receive(lambda: self._raw.read(PIECE_BYTES, decode_content=True))
            if not piece:
                break
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)

    def lines(self) -> Iterator[bytes]:
        """Yield each line as soon as it is whole; the last, or a too long one, has no newline."""
        rest: list[bytes] = []
        length = 0
        while piece := self._receive(lambda: self._raw.read1(PIECE_BYTES)):
            *whole, last = piece.split(b"\n")
            for line in whole:
                yield b"".join([*rest, line, b"\n"])
                rest, length = [], 0
            rest.append(last)
            length += len(last)
            if length > LONGEST_LINE_BYTES:
                yield b"".join(rest)
                rest, length = [], 0
        if any(rest):
            yield b"".join(rest)

    def interrupt(self) -> None:
        """Let a read in another thread end at once."""
        # A response that was read to its end has no connection any more.
        with suppress(ValueError, RuntimeError, OSError):
            self._raw.shutdown()

    def close(self) -> None:
        """Close the connection, but not where a thread still reads: that would wait for it."""
        if not self._is_late:
            self._raw.close()

    def _receive(self, read: Callable[[], bytes]) -> bytes:
        from urllib3.exceptions import HTTPError

        try:
            return call_until(self._deadline, read, self._late)
        except (HTTPError, OverflowError) as error:  # A chunk may be longer than any number.
            raise lost(error, self._host) from None

    def _late(self) -> TransportError:
        self._is_late = True
        self.interrupt()
        return late(self._host)
