"""The process that serves: one for a state folder, on a loopback address, until it is stopped."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kitctl.errors import InvalidInput
from kitctl.local import locks

HOST = "127.0.0.1"
LOOK_SECONDS = 1.0


def serve(
    folder: Path,
    host: str = HOST,
    port: int = 0,
    announce: Callable[[str], None] = lambda endpoint: None,
) -> None:
    """Serve the state in `folder` until the process is told to stop.

    Args:
        folder: where all state lies; made if it is missing.
        host: a loopback address.
        port: 0 takes the port of the last time if it is free, else any.
        announce: is told the endpoint.

    Raises:
        Refused: another process serves this folder.
        InvalidInput: the address is not a loopback address, or the port is taken.
    """
    import uvicorn

    from kitctl.local.http.api import Api
    from kitctl.local.http.server import application
    from kitctl.local.http.signed_urls import Links
    from kitctl.local.runs.scheduler import Conductor
    from kitctl.local.state.kaggle import Kaggle
    from kitctl.local.testing.faults import Faults

    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # With patience, for those who only look whether the folder is served.
    lock = locks.serving(folder, patience_seconds=0.5)
    listener = _listen(_loopback(host), port or _last_port(folder), may_differ=not port)
    address, number = listener.getsockname()[:2]
    endpoint = f"http://[{address}]:{number}" if ":" in address else f"http://{address}:{number}"
    token = _token(folder)
    kaggle = Kaggle(folder)
    api = Api(
        kaggle=kaggle,
        conductor=Conductor(kaggle, endpoint),
        links=Links(endpoint, token, kaggle.clock, kaggle.settings),
        site=endpoint,
        token=token,
    )

    def drop(client: Any) -> None:
        for connection in list(server.server_state.connections):
            # An IPv6 peer has more parts than the scope tells.
            if connection.transport.get_extra_info("peername")[:2] == tuple(client):
                connection.transport.close()

    def stop() -> None:
        server.should_exit = True

    config = uvicorn.Config(
        application(api, Faults(), drop, stop),
        # Much quicker than h11, and it takes absolute-form targets, which proxies' clients send.
        http="httptools",
        ws="none",
        log_level="error",
        date_header=False,
        server_header=False,
        proxy_headers=False,
        # Longer than between two polls of a client, which may keep its connection.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    (folder / "pid").write_text(f"{os.getpid()}\n", encoding="utf-8")
    (folder / "endpoint").write_text(f"{endpoint}\n", encoding="utf-8")
    announce(endpoint)
    threading.Thread(target=_end_when_removed, args=(folder, stop), daemon=True).start()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    finally:
        (folder / "pid").unlink(missing_ok=True)
        lock.close()


def _end_when_removed(folder: Path, stop: Callable[[], None]) -> None:
    """Stop a server whose folder was removed, or made anew by another one: nobody finds it now."""
    with contextlib.suppress(OSError):
        while (folder / "pid").read_text("utf-8") == f"{os.getpid()}\n":
            time.sleep(LOOK_SECONDS)
    stop()


def _loopback(host: str) -> str:
    address = "127.0.0.1" if host == "localhost" else host
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(address).is_loopback:
            return address
    raise InvalidInput(
        f"The local Kaggle runs whatever is pushed to it, so it does not listen on {host}.",
        code="not_loopback",
        hint="Use 127.0.0.1 or ::1.",
    )


def _listen(address: str, port: int, *, may_differ: bool) -> socket.socket:
    for wanted in [port, 0] if may_differ else [port]:
        # Said in full: asyncio turns Nagle's delay off only on sockets that are TCP by name.
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if os.name == "posix":
            # On Windows this would let two processes share the port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, wanted))
        except OSError:
            listener.close()
        else:
            return listener
    raise InvalidInput(
        f"Port {port} is taken.", code="port_taken", hint="Choose another one, or leave it out."
    )


def _last_port(folder: Path) -> int:
    try:
        return int((folder / "endpoint").read_text("utf-8").rsplit(":", 1)[1])
    except (OSError, ValueError, IndexError):
        return 0


def _token(folder: Path) -> str:
    """The folder's token, made at the first start in a file that only this user can read."""
    path = folder / "token"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("utf-8").strip()
    token = secrets.token_urlsafe(32)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{token}\n")
    return token
