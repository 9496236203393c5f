"""The proxies that the environment names: http, https and SOCKS."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.http_server import BODY, RecordingServer, make_certificate, post

from kitctl.adapters.http import HttpClient, TransportError
from kitctl.errors import NetworkFailed


def test_an_http_proxy_gets_the_whole_address(
    server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://ada:p%40ss@127.0.0.1:{server.server_port}")
    HttpClient("http://kaggle.example/api", direct=False).send(post("/v1/x"))
    # "ada:p@ss"
    assert server.requests == [
        ("POST", "http://kaggle.example/api/v1/x", "Basic YWRhOnBAc3M="),
    ]


def test_an_http_proxy_is_asked_for_a_tunnel_to_a_secure_server(
    server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"ada:s3cret@127.0.0.1:{server.server_port}")
    with pytest.raises(TransportError, match="refuses this name") as caught:
        HttpClient("https://kaggle.example", direct=False).send(post())
    assert caught.value.refused and "s3cret" not in repr(caught.value)
    assert caught.value.lasting and caught.value.code == "proxy"
    ((method, target, authorization),) = server.requests
    assert (method, target) == ("CONNECT", "kaggle.example:443")
    assert authorization.startswith("Basic ")


def test_an_https_proxy_is_itself_checked_by_its_certificate(
    server: RecordingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = make_certificate(tmp_path)
    server.use_tls(certificate, key)
    monkeypatch.setenv("http_proxy", f"https://localhost:{server.server_port}")
    with pytest.raises(TransportError, match=r"certificate of the proxy localhost:\d+ is not"):
        HttpClient("http://kaggle.example", direct=False).send(post())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert HttpClient("http://kaggle.example", direct=False).send(post()).body == BODY
    assert [request.target for request in server.requests] == ["http://kaggle.example/v1/x"]


def test_a_socks_proxy_connects_to_the_server(
    server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _socks5_proxy(server.server_port) as (port, targets):
        monkeypatch.setenv("all_proxy", f"socks5h://127.0.0.1:{port}")
        assert HttpClient("http://kaggle.example", direct=False).send(post()).body == BODY
    assert targets == [b"kaggle.example"]
    assert server.requests[0].target == "/v1/x"


def test_a_proxy_that_does_not_answer_is_named_as_the_cause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for address in ("http://127.0.0.1:9", "socks5://127.0.0.1:9"):
        monkeypatch.setenv("all_proxy", address)
        with pytest.raises(TransportError, match="The proxy to") as caught:
            HttpClient("http://kaggle.example", direct=False).send(post())
        assert caught.value.refused


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_asks_for_a_password_is_named_with_its_variable(
    server: RecordingServer, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    server.status = 407
    monkeypatch.setenv("ALL_PROXY", server.address())
    with pytest.raises(TransportError, match="asks for a password") as caught:
        HttpClient(f"{scheme}://kaggle.example", direct=False).send(post())
    assert caught.value.refused and caught.value.lasting
    assert caught.value.hint.startswith("all_proxy=http://NAME:PASSWORD@127.0.0.1:")


def test_a_socks_proxy_that_asks_for_a_password_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with _refusing_socks5_proxy() as port:
        monkeypatch.setenv("https_proxy", f"socks5h://127.0.0.1:{port}")
        with pytest.raises(TransportError, match="asks for a password") as caught:
            HttpClient("https://kaggle.example", direct=False).send(post())
    assert caught.value.lasting and caught.value.refused


def test_no_proxy_is_used_for_a_host_in_no_proxy_or_where_the_client_is_direct(
    server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert HttpClient(server.address(), direct=True).send(post()).status == 200
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert HttpClient(server.address(), direct=False).send(post()).status == 200


def test_a_proxy_of_an_unknown_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "quic://127.0.0.1:9")
    with pytest.raises(NetworkFailed, match="quic"):
        HttpClient("https://kaggle.example", direct=False)


@pytest.mark.parametrize(
    "address", ["http://[half", "[::1", "http://", "http://host:text", "http://host:99999", "h:0"]
)
def test_an_address_that_is_none_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("all_proxy", address.replace("http://", "http://ada:secret@"))
    with pytest.raises(NetworkFailed, match="all_proxy") as refused:
        HttpClient("https://kaggle.example", direct=False)
    assert "secret" not in f"{refused.value}{refused.value.hint}"


@contextmanager
def _socks5_proxy(server_port: int) -> Iterator[tuple[int, list[bytes]]]:
    """A SOCKS5 proxy for one connection, which it leads to the local port whatever it asks for."""
    targets: list[bytes] = []

    def serve() -> None:
        client, _ = listener.accept()
        with client, socket.create_connection(("127.0.0.1", server_port)) as server:
            client.recv(64)  # The greeting: version and login methods.
            client.sendall(b"\x05\x00")
            request = client.recv(300)
            targets.append(request[5 : 5 + request[4]])
            client.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
            threading.Thread(target=_copy, args=(client, server), daemon=True).start()
            _copy(server, client)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], targets


@contextmanager
def _refusing_socks5_proxy() -> Iterator[int]:
    """A SOCKS5 proxy that takes none of the ways to log in that it is offered."""

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            client.recv(64)
            client.sendall(b"\x05\xff")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
