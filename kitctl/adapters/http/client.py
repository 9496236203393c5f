"""An HTTP client for one address: pooled connections that threads share, no redirects, no retries.

What may be sent again, and where a redirect may lead, is decided by those who know the request.
"""

from __future__ import annotations

import base64
import codecs
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from kitctl.adapters.http.certificates import ssl_context
from kitctl.adapters.http.proxies import Proxy, proxy_for
from kitctl.adapters.http.time_limit import call_until
from kitctl.adapters.http.transport_error import (
    TransportError,
    late,
    lost,
    password_required,
    unsent,
)
from kitctl.errors import InvalidInput

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager
    from urllib3.exceptions import HTTPError

# Connections that are kept for the next request: as many as files are fetched at once at most.
MAX_IDLE_CONNECTIONS = 64

TEXT_PIECE_BYTES = 1 << 18

_log = logging.getLogger("kitctl.http")


class FileBody(NamedTuple):
    """A body that is sent piece by piece: its length, and what yields its pieces anew."""

    length: int
    pieces: Callable[[], Iterator[bytes]]


class Request(NamedTuple):
    """One request. Timeouts are in seconds: to connect, and to wait for the next bytes.

    The whole response must be there at the `deadline` by time.monotonic(); None: no limit.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | FileBody | None
    connect_timeout: float
    read_timeout: float
    deadline: float | None = None


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
        """Read the whole body, uncompressed."""
        return Response(self.status, self.headers, self._receive(self._raw.read))

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes as they were sent; b"" at the end."""
        return self._receive(lambda: self._raw.read(size, decode_content=False))

    def text(self) -> Iterator[str]:
        """Yield the body as it comes, uncompressed; what is no UTF-8 is replaced."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            piece = self._receive(lambda: self._raw.read(TEXT_PIECE_BYTES, decode_content=True))
            if not piece:
                break
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)

    def lines(self) -> Iterator[bytes]:
        """Yield each line as soon as it is whole; only the last may be without a newline."""
        rest: list[bytes] = []
        while True:
            piece = self._receive(self._raw.read1)
            if not piece:
                break
            *whole, last = piece.split(b"\n")
            for line in whole:
                yield b"".join([*rest, line, b"\n"])
                rest = []
            rest.append(last)
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
        except HTTPError as error:
            raise lost(error, self._host) from None

    def _late(self) -> TransportError:
        self._is_late = True
        self.interrupt()
        return late(self._host)


class HttpClient:
    """A client for the address `base`; `direct` uses no proxy.

    Raises:
        InvalidInput: the environment names a proxy that cannot be used.
    """

    def __init__(self, base: str, *, direct: bool) -> None:
        parts = urlsplit(base)
        self.host = parts.hostname or ""
        self._base = base
        self._proxy = None if direct else proxy_for(parts.scheme, self.host)
        self._is_secure = "https" in (parts.scheme, self._proxy and self._proxy.scheme)
        self._pools: PoolManager | None = None
        self._lock = threading.Lock()

    def send(self, request: Request) -> Response:
        """Send a request and read the whole response.

        Raises:
            TransportError: no response came, or only a part of it.
        """

        def load() -> Response:
            with closing(self._open(request)) as raw:
                return StreamedResponse(raw, self.host).load()

        return call_until(request.deadline, load, lambda: late(self.host))

    @contextmanager
    def stream(self, request: Request) -> Iterator[StreamedResponse]:
        """Send a request, and close the response when the block ends.

        Raises:
            TransportError: no response came.
        """
        raw = call_until(request.deadline, lambda: self._open(request), lambda: late(self.host))
        response = StreamedResponse(raw, self.host, request.deadline)
        try:
            yield response
        finally:
            # A connection whose response was read to its end is back in the pool already.
            response.close()

    def _open(self, request: Request) -> BaseHTTPResponse:
        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError

        body = None if request.body is None else _Body(request.body)
        headers = dict(request.headers)
        if body:
            headers["Content-Length"] = str(body.length)
        started = time.perf_counter()
        outcome: int | str = "no response"
        try:
            response = self._connections().urlopen(
                request.method,
                f"{self._base}{request.path}",
                body=body,
                headers=headers,
                timeout=Timeout(connect=request.connect_timeout, read=request.read_timeout),
                redirect=False,
                retries=False,
                preload_content=False,
            )
            outcome = response.status
        except HTTPError as error:
            raise self._error(error, body) from None
        finally:
            # The query may be signed, and the headers hold the token: neither is logged.
            path = urlsplit(request.path).path
            milliseconds = 1000 * (time.perf_counter() - started)
            _log.debug("%s %s: %s, %.0f ms", request.method, path, outcome, milliseconds)
        if response.status == 407 and self._proxy:
            response.close()
            raise password_required(self.host, self._proxy)
        return response

    def _connections(self) -> PoolManager:
        with self._lock:
            if self._pools is None:
                context = ssl_context() if self._is_secure else None
                self._pools = _pool_manager(
                    self._proxy, maxsize=MAX_IDLE_CONNECTIONS, ssl_context=context
                )
            return self._pools

    def _error(self, error: HTTPError, body: _Body | None) -> TransportError:
        if _is_unsent(error, body):
            return unsent(error, self.host, self._proxy)
        return lost(error, self.host)


class _Body:
    """A request's body that knows whether any of it was sent."""

    def __init__(self, content: bytes | FileBody) -> None:
        self.length = content.length if isinstance(content, FileBody) else len(content)
        self._content = content
        self.was_sent = False

    def __iter__(self) -> Iterator[bytes]:
        self.was_sent = True
        if isinstance(self._content, FileBody):
            yield from self._content.pieces()
        else:
            yield self._content


def _pool_manager(proxy: Proxy | None, **options: Any) -> PoolManager:
    from urllib3 import PoolManager, ProxyManager

    if proxy is None:
        return PoolManager(**options)
    if proxy.scheme.startswith("socks"):
        from importlib.util import find_spec

        if find_spec("socks") is None:
            raise InvalidInput(
                f"{proxy.variable} names a SOCKS proxy, and the package for it is missing.",
                code="proxy",
                hint="pip install 'urllib3[socks]'",
            )
        from urllib3.contrib.socks import SOCKSProxyManager

        return SOCKSProxyManager(proxy.url, proxy.username, proxy.password, **options)
    headers = None
    if proxy.username is not None:
        headers = {"Proxy-Authorization": basic_auth(proxy.username, proxy.password or "")}
    return ProxyManager(
        proxy.url,
        proxy_headers=headers,
        proxy_ssl_context=options["ssl_context"],
        **options,
    )


def _is_unsent(error: HTTPError, body: _Body | None) -> bool:
    """Whether the server cannot have acted: without its body a request is not complete."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError, SSLError

    if body is not None:
        return not body.was_sent
    return isinstance(error, (ConnectTimeoutError, NewConnectionError, ProxyError, SSLError))


def basic_auth(username: str, password: str) -> str:
    """Return the value of an Authorization header for a user name with a password."""
    pair = f"{username}:{password}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
