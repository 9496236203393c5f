"""An HTTP client for one address: pooled connections that threads share, no redirects, no retries.

What may be sent again, and where a redirect may lead, is decided by those who know the request.
"""

from __future__ import annotations

import base64
import codecs
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from kitctl.adapters.http.certificates import ssl_context
from kitctl.adapters.http.proxies import Proxy, proxy_for

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager
    from urllib3.exceptions import HTTPError

# Connections that are kept for the next request: as many as files are fetched at once at most.
MAX_IDLE_CONNECTIONS = 64

TEXT_PIECE_BYTES = 1 << 18

_log = logging.getLogger("kitctl.http")


class TransportError(Exception):
    """No response came, or only a part of it; the text is a sentence for the user.

    `refused` is True where the server surely did not act on the request.
    """

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class Request(NamedTuple):
    """One request. Timeouts are in seconds: to connect, and to wait for the next bytes."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None
    connect_timeout: float
    read_timeout: float


class Response(NamedTuple):
    """A whole response; the names of its headers are case-insensitive."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class StreamedResponse:
    """A response whose body is read as it comes. Every read may raise TransportError."""

    def __init__(self, raw: BaseHTTPResponse, host: str) -> None:
        self._raw = raw
        self._host = host
        self.status = raw.status
        self.headers: Mapping[str, str] = raw.headers
        self.content_length = raw.length_remaining
        """Bytes of the body; None where the server did not say."""

    def load(self) -> Response:
        """Read the whole body, uncompressed."""
        with self._translate_errors():
            return Response(self.status, self.headers, self._raw.read())

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes as they were sent; b"" at the end."""
        with self._translate_errors():
            return self._raw.read(size, decode_content=False)

    def text(self) -> Iterator[str]:
        """Yield the body as it comes, uncompressed; what is no UTF-8 is replaced."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            with self._translate_errors():
                piece = self._raw.read(TEXT_PIECE_BYTES, decode_content=True)
            if not piece:
                break
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)

    def lines(self) -> Iterator[bytes]:
        """Yield each line as soon as it is whole; only the last may be without a newline."""
        rest: list[bytes] = []
        while True:
            with self._translate_errors():
                piece = self._raw.read1()
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

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        from urllib3.exceptions import HTTPError

        try:
            yield
        except HTTPError as error:
            raise _lost(error, self._host) from None


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
        with self.stream(request) as response:
            return response.load()

    @contextmanager
    def stream(self, request: Request) -> Iterator[StreamedResponse]:
        """Send a request, and close the response when the block ends.

        Raises:
            TransportError: no response came.
        """
        raw = self._open(request)
        try:
            yield StreamedResponse(raw, self.host)
        finally:
            # A connection whose response was read to its end is back in the pool already.
            raw.close()

    def _open(self, request: Request) -> BaseHTTPResponse:
        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError

        body = None if request.body is None else _Body(request.body)
        headers = dict(request.headers)
        if body:
            headers["Content-Length"] = str(len(body.content))
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
            return response
        except HTTPError as error:
            raise self._error(error, body) from None
        finally:
            # The query may be signed, and the headers hold the token: neither is logged.
            path = urlsplit(request.path).path
            milliseconds = 1000 * (time.perf_counter() - started)
            _log.debug("%s %s: %s, %.0f ms", request.method, path, outcome, milliseconds)

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
            return _unconnected(error, self.host, is_proxied=self._proxy is not None)
        return _lost(error, self.host)


class _Body:
    """A request's body that knows whether any of it was sent."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.was_sent = False

    def __iter__(self) -> Iterator[bytes]:
        self.was_sent = True
        yield self.content


def _pool_manager(proxy: Proxy | None, **options: Any) -> PoolManager:
    from urllib3 import PoolManager, ProxyManager

    if proxy is None:
        return PoolManager(**options)
    if proxy.scheme.startswith("socks"):
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


def _unconnected(error: HTTPError, host: str, *, is_proxied: bool) -> TransportError:
    from urllib3.exceptions import NewConnectionError, SSLError, TimeoutError

    if isinstance(error, SSLError):
        return TransportError(f"The secure connection to {host} failed.", refused=True)
    if is_proxied:
        return TransportError(f"The proxy to {host} did not answer.", refused=True)
    # urllib3 counts a refused connection among the timeouts.
    if isinstance(error, TimeoutError) and not isinstance(error, NewConnectionError):
        return TransportError(f"{host} did not answer in time.", refused=True)
    return TransportError(f"{host} could not be reached.", refused=True)


def _lost(error: HTTPError, host: str) -> TransportError:
    """Return the error of a request that was sent, at least in part."""
    from urllib3.exceptions import TimeoutError

    if isinstance(error, TimeoutError):
        return TransportError(f"{host} did not answer in time.")
    return TransportError(f"The connection to {host} broke off.")


def basic_auth(username: str, password: str) -> str:
    """Return the value of an Authorization header for a user name with a password."""
    pair = f"{username}:{password}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
