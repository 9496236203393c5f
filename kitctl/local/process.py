"""The server's process: one for a state folder, on a loopback address, until it is stopped."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from kitctl.errors import InvalidInput
from kitctl.local import locks, state_folder

HOST = "127.0.0.1"
POLL_SECONDS = 1.0


def serve(
    folder: Path,
    host: str = HOST,
    port: int = 0,
    announce: Callable[[str], None] = lambda endpoint: None,
) -> None:
    """Serve the state in `folder` until the process is stopped.

    Args:
        folder: the state folder; made if it is missing.
        host: a loopback address.
        port: 0 takes the port of the last time if it is free, else any.
        announce: called with the endpoint.

    Raises:
        Refused: another process serves this folder.
        InvalidInput: the address is not a loopback address, or the port is taken.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A short timeout, because a look whether the folder is served takes the lock for a moment.
    with locks.server_lock(folder, timeout_seconds=0.5):
        last_port = state_folder.last_port(folder)
        listener = _listen(_loopback(host), port or last_port, may_differ=not port)
        _serve(folder, listener, announce)


def _serve(folder: Path, listener: socket.socket, announce: Callable[[str], None]) -> None:
    import uvicorn

    from kitctl.local.app import application
    from kitctl.local.http.api import Api
    from kitctl.local.http.signed_urls import SignedUrls
    from kitctl.local.http.tokens import Tokens
    from kitctl.local.runs.scheduler import Scheduler
    from kitctl.local.state.local_state import LocalState
    from kitctl.local.testing.connections import Connections, tracking_protocol

    endpoint, token = _endpoint(listener), state_folder.ensure_token(folder)
    state = LocalState(folder)
    api = Api(
        state=state,
        scheduler=Scheduler(state, endpoint),
        signed_urls=SignedUrls(endpoint, token, state.clock, state.settings),
        site=endpoint,
        tokens=Tokens(token, state.clock, state.settings),
    )
    connections = Connections()

    def stop() -> None:
        server.should_exit = True

    config = uvicorn.Config(
        application(api, connections, stop),
        http=tracking_protocol(connections),
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
    state_folder.record_server(folder, endpoint)
    announce(endpoint)
    threading.Thread(target=_stop_when_removed, args=(folder, stop), daemon=True).start()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    finally:
        state_folder.forget_server(folder)


def _stop_when_removed(folder: Path, stop: Callable[[], None]) -> None:
    """Stop a server that no client can find: its folder was removed, or made anew by another."""
    with contextlib.suppress(OSError, ValueError):
        while state_folder.read_pid(folder) == os.getpid():
            time.sleep(POLL_SECONDS)
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
    """Return a socket bound to the port; to any other port if it `may_differ`."""
    for candidate in [port, 0] if may_differ else [port]:
        # TCP is named: asyncio turns Nagle's delay off only on sockets that are TCP by name.
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if os.name == "posix":
            # On Windows this would let two processes share the port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, candidate))
        except OSError:
            listener.close()
        else:
            return listener
    raise InvalidInput(
        f"Port {port} is taken.", code="port_taken", hint="Choose another one, or leave it out."
    )


def _endpoint(listener: socket.socket) -> str:
    address, port = listener.getsockname()[:2]
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
