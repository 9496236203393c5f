"""An HTTP client for one address: pooled connections that threads share, no redirects, no retries.

What may be sent again, and where a redirect may lead, is decided by those who know the request.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from kitctl.adapters.http.certificates import ssl_context
from kitctl.adapters.http.proxies import proxy_for
from kitctl.adapters.http.response import Response, StreamedResponse
from kitctl.adapters.http.time_limit import call_until
from kitctl.adapters.http.transport_error import (
    TransportError,
    late,
    lost,
    password_required,
    unsent,
)

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager
    from urllib3.exceptions import HTTPError

# Connections that are kept for the next request: as many as files are fetched at once at most.
MAX_IDLE_CONNECTIONS = 64

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


class HttpClient:
    """A client for the address `base`; `direct` uses no proxy.

    Raises:
        NetworkFailed: the environment names a proxy that cannot be used.
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
        from kitctl.adapters.http.connections import pool_manager

        with self._lock:
            if self._pools is None:
                context = ssl_context() if self._is_secure else None
                self._pools = pool_manager(
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


def _is_unsent(error: HTTPError, body: _Body | None) -> bool:
    """Whether the server cannot have acted: without its body a request is not complete."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError, SSLError

    if body is not None:
        return not body.was_sent
    return isinstance(error, (ConnectTimeoutError, NewConnectionError, ProxyError, SSLError))
