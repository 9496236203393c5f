"""A small HTTP server that records its requests and sends one response to all of them."""

from __future__ import annotations

import gzip
import shutil
import socket
import ssl
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from kitctl.adapters.http import Request

BODY = b'{"text": "' + 2000 * b"a" + b'"}'


class RecordedRequest(NamedTuple):
    method: str
    target: str
    proxy_authorization: str


class RecordingServer(ThreadingHTTPServer):
    """`hangs_up`: it closes each connection after its response, without announcing that.

    As a proxy it lets nobody through: it answers CONNECT with 407.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[RecordedRequest] = []
        self.client_addresses: list[object] = []
        self.closed_connections = 0
        self.status = 200
        self.compresses = False
        self.chunks: list[bytes] = []
        self.hangs_up = False
        self.drops_requests = False

    def address(self, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.server_port}"

    def use_tls(self, certificate: Path, key: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        super().shutdown_request(request)
        self.closed_connections += 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RecordingServer

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._record()
        if self.server.drops_requests:
            self.close_connection = True
            return
        self.send_response(self.server.status)
        if self.server.chunks:
            self._send_chunks()
        else:
            self._send_body()
        self.close_connection = self.server.hangs_up

    def do_CONNECT(self) -> None:
        self._record()
        self.send_error(407)

    def _send_body(self) -> None:
        body = gzip.compress(BODY) if self.server.compresses else BODY
        self.send_header("Content-Length", str(len(body)))
        if self.server.compresses:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def _send_chunks(self) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in [*self.server.chunks, b""]:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))

    def _record(self) -> None:
        self.server.client_addresses.append(self.client_address)
        authorization = self.headers.get("Proxy-Authorization", "")
        self.server.requests.append(RecordedRequest(self.command, self.path, authorization))

    def log_message(self, format: str, *args: object) -> None:
        pass


def post(path: str = "/v1/x", **headers: str) -> Request:
    """A small POST request with timeouts of five seconds."""
    return Request("POST", path, {"Accept-Encoding": "gzip", **headers}, b"{}", 5.0, 5.0)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for localhost with openssl; its path, and that of its key."""
    if not shutil.which("openssl"):
        pytest.skip("makes its certificate with openssl")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        f"openssl req -x509 -nodes -newkey rsa:2048 -days 2 -subj /CN=localhost"
        f" -addext subjectAltName=DNS:localhost -keyout {key} -out {certificate}".split(),
        check=True,
        capture_output=True,
    )
    return certificate, key
