"""The way to Kaggle: kept connections, proxies, certificates."""

from __future__ import annotations

import gzip
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.local_kaggle import LocalKaggle, until
from support.servers import serving

from kitctl.adapters.http import HttpClient, Request, TransportError
from kitctl.adapters.kaggle import connect
from kitctl.errors import InvalidInput

BODY = b'{"said": "' + 2000 * b"a" + b'"}'


class Server(ThreadingHTTPServer):
    """Answers every request alike; as a proxy, it lets nobody through."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.clients: list[object] = []
        self.asked: list[tuple[str, str, str]] = []  # method, target, Proxy-Authorization
        self.hangs_up = False
        self.hung_up = 0
        self.zips = False

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        super().shutdown_request(request)
        self.hung_up += 1


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._note()
        body = gzip.compress(BODY) if self.server.zips else BODY
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        if self.server.zips:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)
        # As a server that is tired of a connection: without a word.
        self.close_connection = self.server.hangs_up

    def do_CONNECT(self) -> None:
        self._note()
        self.send_error(407)

    def _note(self) -> None:
        self.server.clients.append(self.client_address)
        word = self.headers.get("Proxy-Authorization", "")
        self.server.asked.append((self.command, self.path, word))

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server()) as started:
        yield started


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def request(path: str = "/v1/x") -> Request:
    return Request("POST", path, {"Accept-Encoding": "gzip"}, b"{}", 5.0, 5.0)


def address(server: Server, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{server.server_port}"


def test_a_connection_is_kept_for_the_next_request(server: Server) -> None:
    connections = HttpClient(address(server), direct=False)
    for _ in range(3):
        assert connections.ask(request()).body == BODY
    assert len(server.clients) == 3 and len(set(server.clients)) == 1


def test_a_kept_connection_that_was_closed_meanwhile_is_replaced(server: Server) -> None:
    server.hangs_up = True
    connections = HttpClient(address(server), direct=False)
    for number in range(3):
        assert connections.ask(request()).status == 200
        until(lambda number=number: server.hung_up > number)  # type: ignore[misc]
    assert len(set(server.clients)) == 3


def test_threads_do_not_wait_for_each_others_connection(server: Server) -> None:
    connections = HttpClient(address(server), direct=False)
    with connections.open(request()) as first, connections.open(request()) as second:
        assert (first.read(), second.read()) == (BODY, BODY)
    assert len(set(server.clients)) == 2


def test_an_answer_may_come_zipped(server: Server) -> None:
    server.zips = True
    assert HttpClient(address(server), direct=False).ask(request()).body == BODY


def test_what_was_surely_not_sent_is_told_apart(server: Server) -> None:
    with pytest.raises(TransportError) as nobody:
        HttpClient("http://127.0.0.1:9", direct=False).ask(request())
    assert nobody.value.refused
    with pytest.raises(TransportError, match="secure connection") as unsafe:
        HttpClient(address(server, "https"), direct=False).ask(request())
    assert unsafe.value.refused


def test_a_proxy_is_asked_with_the_whole_address(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://ada:p%40ss@127.0.0.1:{server.server_port}")
    HttpClient("http://kaggle.example/api", direct=False).ask(request("/v1/x"))
    # "ada:p@ss"
    assert server.asked == [("POST", "http://kaggle.example/api/v1/x", "Basic YWRhOnBAc3M=")]


def test_a_proxy_is_asked_for_a_tunnel_to_what_is_secure(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"ada:s3cret@127.0.0.1:{server.server_port}")
    with pytest.raises(TransportError, match="The proxy to") as caught:
        HttpClient("https://kaggle.example", direct=False).ask(request())
    assert caught.value.refused and "s3cret" not in repr(caught.value)
    ((method, target, word),) = server.asked
    assert (method, target) == ("CONNECT", "kaggle.example:443") and word.startswith("Basic ")


def test_a_host_named_in_no_proxy_is_asked_itself(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert HttpClient(address(server), direct=False).ask(request()).status == 200


def test_a_proxy_of_another_kind_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:9")
    with pytest.raises(InvalidInput, match="socks5"):
        HttpClient("https://kaggle.example", direct=False)


@pytest.mark.skipif(not shutil.which("openssl"), reason="makes its certificate with openssl")
def test_certificates_are_checked_by_those_that_the_environment_names(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        f"openssl req -x509 -nodes -newkey rsa:2048 -days 2 -subj /CN=localhost"
        f" -addext subjectAltName=DNS:localhost -keyout {key} -out {certificate}".split(),
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    base = f"https://localhost:{server.server_port}"
    with pytest.raises(TransportError, match="secure connection"):
        HttpClient(base, direct=False).ask(request())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert HttpClient(base, direct=False).ask(request()).body == BODY
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with pytest.raises(InvalidInput, match="cannot be read"):
        HttpClient(base, direct=False).ask(request())


def test_the_environment_may_lead_to_the_local_kaggle_as_it_leads_the_official_client(
    local_kaggle: LocalKaggle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setenv("http_proxy", local_kaggle.endpoint)
    monkeypatch.setenv("KAGGLE_API_TOKEN", local_kaggle.token)
    kaggle = connect()
    assert kaggle.account() == "local" and kaggle.quota().pools
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    monkeypatch.setenv("KAGGLE_USERNAME", "local")
    monkeypatch.setenv("KAGGLE_KEY", local_kaggle.token)
    monkeypatch.setenv("HOME", str(local_kaggle.state))
    kaggle = connect()
    assert kaggle.account() == "local" and kaggle.quota().pools
