"""HTTP on the standard library: the usual packages take longer to load than Kaggle to answer.

Connections are kept, and threads share them. Proxies and certificates are those that the official
client would use: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` (or the system's settings
where it has some), `REQUESTS_CA_BUNDLE` and `CURL_CA_BUNDLE`, else certifi's.
"""

from __future__ import annotations

import base64
import os
import selectors
import sys
import threading
import weakref
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from kitctl.errors import InvalidInput

if TYPE_CHECKING:
    import ssl


class TransportError(Exception):
    """No answer came: `why` in words; `refused` is True where surely nothing was sent."""

    def __init__(self, why: str, *, refused: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.refused = refused


class Request(NamedTuple):
    """One request: `connect_seconds` to connect, `silence_seconds` to wait for anything."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None
    connect_seconds: float
    silence_seconds: float


class Response(NamedTuple):
    """A whole answer; header names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, response: HTTPResponse) -> Response:
        """Takes in what is still to come."""
        body = response.read()
        if (response.getheader("Content-Encoding") or "").lower() == "gzip":
            with suppress(zlib.error):  # What it is instead, nobody can read either.
                body = zlib.decompress(body, 16 + zlib.MAX_WBITS)
        headers = {name.lower(): value for name, value in response.getheaders()}
        return cls(response.status, headers, body)


class _Proxy(NamedTuple):
    host: str
    port: int
    authorization: str  # "" where it asks for none.


class HttpClient:
    """Connections to one address; `direct`: past every proxy."""

    def __init__(self, base: str, *, direct: bool) -> None:
        parts = urlsplit(base)
        self.host = parts.hostname or ""
        self._is_secure = parts.scheme == "https"
        self._port = parts.port or (443 if self._is_secure else 80)
        self._path = parts.path
        self._address = f"{parts.scheme}://{parts.netloc}"
        self._proxy = None if direct else _proxy_for(parts.scheme, self.host)
        self._idle: list[HTTPConnection] = []
        self._lock = threading.Lock()
        weakref.finalize(self, _close_all, self._idle)
        self._trust: ssl.SSLContext | None = None

    def ask(self, request: Request) -> Response:
        """Sends a request and takes in the whole answer.

        Raises Unanswered where none came.
        """
        with self.open(request) as response:
            try:
                return Response.of(response)
            except (OSError, HTTPException) as error:
                raise _lost(error, self.host) from None

    @contextmanager
    def open(self, request: Request) -> Iterator[HTTPResponse]:
        """An answer that is read as it comes.

        Raises Unanswered where none came.
        """
        connection = self._connected(request.connect_seconds)
        is_free = False
        try:
            with closing(self._sent(connection, request)) as response:
                yield response
                is_free = response.isclosed() and not response.will_close
        finally:
            if is_free:
                with self._lock:
                    self._idle.append(connection)
            else:
                connection.close()

    def _sent(self, connection: HTTPConnection, request: Request) -> HTTPResponse:
        target, headers = f"{self._path}{request.path}", dict(request.headers)
        if self._proxy and not self._is_secure:
            target = f"{self._address}{target}"
            if self._proxy.authorization:
                headers["Proxy-Authorization"] = self._proxy.authorization
        try:
            if connection.sock is not None:
                connection.sock.settimeout(request.silence_seconds)
            connection.request(request.method, target, request.body, headers)
            return connection.getresponse()
        except (OSError, HTTPException) as error:
            raise _lost(error, self.host) from None

    def _connected(self, seconds: float) -> HTTPConnection:
        """An idle connection that is still open, or a new one."""
        while True:
            with self._lock:
                if not self._idle:
                    break
                connection = self._idle.pop()
            if not _has_news(connection):
                return connection
            connection.close()
        connection = self._new(seconds)
        try:
            connection.connect()
        except (OSError, HTTPException) as error:
            connection.close()
            raise _unconnected(error, self.host, through_proxy=self._proxy is not None) from None
        return connection

    def _new(self, seconds: float) -> HTTPConnection:
        host, port = self.host, self._port
        if self._proxy:
            host, port = self._proxy.host, self._proxy.port
        if not self._is_secure:
            return HTTPConnection(host, port, timeout=seconds)
        self._trust = self._trust or _trust()
        connection = HTTPSConnection(host, port, timeout=seconds, context=self._trust)
        if self._proxy:
            word = self._proxy.authorization
            connection.set_tunnel(
                self.host, self._port, {"Proxy-Authorization": word} if word else None
            )
        return connection


def _close_all(connections: list[HTTPConnection]) -> None:
    for connection in connections:
        connection.close()


def _has_news(connection: HTTPConnection) -> bool:
    """Whether an idle connection has something to say, which can only be that it was closed."""
    if connection.sock is None:
        return True
    with selectors.DefaultSelector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        return bool(selector.select(0))


def _unconnected(error: Exception, host: str, *, through_proxy: bool) -> TransportError:
    import ssl

    if isinstance(error, ssl.SSLError):
        return TransportError(f"The secure connection to {host} failed.", refused=True)
    if through_proxy:
        return TransportError(f"The proxy to {host} did not answer.", refused=True)
    if isinstance(error, TimeoutError):
        return TransportError(f"{host} did not answer in time.", refused=True)
    return TransportError(f"{host} could not be reached.", refused=True)


def _lost(error: Exception, host: str) -> TransportError:
    """The request was sent, at least in part."""
    if isinstance(error, TimeoutError):
        return TransportError(f"{host} did not answer in time.")
    return TransportError(f"The connection to {host} broke off.")


def _trust() -> ssl.SSLContext:
    import ssl

    given = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if not given:
        import certifi

        given = certifi.where()
    try:
        if os.path.isdir(given):  # noqa: PTH112  # As the variable gives it.
            return ssl.create_default_context(capath=given)
        return ssl.create_default_context(cafile=given)
    except OSError as error:
        raise InvalidInput(
            f"The certificates in {given} cannot be read: {error.strerror}.",
            code="certificates",
            hint="Mend REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE, or unset it.",
        ) from None


def _proxy_for(scheme: str, host: str) -> _Proxy | None:
    """The proxy on the way to the host, by the environment or the system's settings."""
    named = any(name.lower().endswith("_proxy") for name in os.environ)
    if not named and sys.platform not in {"darwin", "win32"}:
        return None
    # Loaded only where there may be one.
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    given = proxies.get(scheme) or proxies.get("all")
    if not given or proxy_bypass(host):
        return None
    parts = urlsplit(given if "://" in given else f"http://{given}")
    if parts.scheme != "http" or not parts.hostname:
        raise InvalidInput(
            f"kitctl cannot use a proxy of the kind {parts.scheme}://.",
            code="proxy",
            hint=f"Set {scheme}_proxy to an address that begins with http://.",
        )
    word = ""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        word = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return _Proxy(parts.hostname, parts.port or 80, word)
