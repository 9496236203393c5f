"""A storage over a real socket that breaks off its answers where a test says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle


class BreakingStorage(ThreadingHTTPServer):
    """Serves `content` to every request, and closes the connection after so many bytes of it.

    `breaks` are those places, used in turns; a place beyond the end breaks nothing. Without
    `resumes` a range is not served, and there is no ETag. Without `has_length` the end of the
    connection is the end of the body.
    """

    daemon_threads = True

    def __init__(
        self,
        content: bytes,
        breaks: list[int],
        *,
        resumes: bool = True,
        has_length: bool = True,
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = content
        self.breaks: Iterator[int] = cycle(breaks)
        self.resumes, self.has_length = resumes, has_length
        self.sent_bytes = 0
        self.requests = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/file"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: BreakingStorage

    def do_GET(self) -> None:
        server = self.server
        server.requests += 1
        requested = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(requested[1]) if requested and server.resumes else 0
        content = server.content
        self.send_response(206 if start else 200)
        if start:
            total = len(content)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        if server.resumes:
            self.send_header("ETag", '"same"')
        if server.has_length:
            self.send_header("Content-Length", str(len(content) - start))
        self.send_header("Connection", "close")
        self.end_headers()
        body = content[start : max(start, next(server.breaks))]
        server.sent_bytes += len(body)
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass
