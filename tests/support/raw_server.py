"""A server that answers each request with bytes as they are, whatever HTTP says of them."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Sent = bytes | float
Answer = Iterable[Sent]
"""What is sent one after the other; a number is a pause in seconds."""


@dataclass
class RawServer:
    """Its address, the requests that it got, and the answers that it gives: the last one again."""

    port: int
    answers: list[Answer]
    requests: list[bytes] = field(default_factory=list)
    host: str = "127.0.0.1"

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def serve(self, connection: socket.socket) -> None:
        """Answer requests until one of them asks for the end, or the client goes."""
        with connection, suppress(OSError):
            while request := _read_request(connection):
                self.requests.append(request)
                answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
                for part in answer:
                    if isinstance(part, bytes):
                        connection.sendall(part)
                    else:
                        time.sleep(part)
                if isinstance(answer, Ended):
                    return


class Ended(list[Sent]):
    """An answer after which the server closes the connection."""


@contextmanager
def raw_server(*answers: Answer, host: str = "127.0.0.1") -> Iterator[RawServer]:
    """Serve until the end of the block; several clients at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        server = RawServer(listener.getsockname()[1], list(answers), host=host)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=server.serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield server


def http(status: str, *headers: str, body: bytes = b"", version: str = "1.1") -> bytes:
    """Return an answer with these headers and no others."""
    lines = [f"HTTP/{version} {status}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    left = int(length[1]) - len(body) if length else 0
    while left > 0:
        left -= len(connection.recv(65536))
    return head
