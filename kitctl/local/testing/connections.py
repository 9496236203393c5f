"""The server's open connections, so that a fault can close one without a response."""

from __future__ import annotations

import asyncio

Address = tuple[str, int]


class Connections:
    """Open connections by the client's address, as an ASGI scope's `client` gives it."""

    def __init__(self) -> None:
        self._transports: dict[Address, asyncio.Transport] = {}

    def add(self, client: Address, transport: asyncio.Transport) -> None:
        self._transports[client] = transport

    def remove(self, client: Address) -> None:
        self._transports.pop(client, None)

    def close(self, client: Address) -> None:
        """Close a client's connection once what was written to it is sent."""
        if transport := self._transports.get(client):
            transport.close()


def tracking_protocol(connections: Connections) -> type[asyncio.Protocol]:
    """Return uvicorn's HTTP protocol on httptools, extended to keep `connections` up to date."""
    # Only the process that serves loads it.
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class TrackingProtocol(HttpToolsProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if self.client:
                connections.add(self.client, transport)

        def connection_lost(self, exc: Exception | None) -> None:
            if self.client:
                connections.remove(self.client)
            super().connection_lost(exc)

    return TrackingProtocol
