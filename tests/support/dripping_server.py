"""A server that never stops answering: a byte at a time, sooner than any socket's timeout."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, repeat

START = {
    "headers": b"HTTP/1.1 200 OK\r\nX-Padding: ",
    "body": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
}
DRIP_SECONDS = 0.1


@contextmanager
def dripping_server(where: str) -> Iterator[int]:
    """Drip in the headers, the body or the chunks of each response; yield the port."""
    is_over = threading.Event()
    drip = b"1\r\n \r\n" if where == "chunks" else b" "

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            for piece in chain([START[where]], repeat(drip)):
                try:
                    connection.sendall(piece)
                except OSError:
                    return
                if is_over.wait(DRIP_SECONDS):
                    return

    def serve() -> None:
        while not is_over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            is_over.set()
            thread.join()
