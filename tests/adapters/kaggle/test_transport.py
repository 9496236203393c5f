"""Requests to Kaggle that fail: repetition, time limits, errors."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from support.dripping_server import dripping_server
from support.jobs import KERNEL
from support.local_kaggle import LocalKaggle
from support.servers import serving

from kitctl.adapters.kaggle import KaggleApi, connect, connect_local, retries
from kitctl.adapters.kaggle.credentials import Credentials
from kitctl.adapters.kaggle.transport import Transport
from kitctl.domain.runs.run import RunRef
from kitctl.errors import InvalidInput, KitError, NetworkFailed, Refused, hint_text

PAST = "Wed, 21 Oct 2015 07:28:00 GMT"
SECRET = "s3cr3t-t0k3n"


class FixedServer(HTTPServer):
    """A server that sends the same response to every request."""

    status = 200
    content_type = "application/json"
    body = b"{}"
    headers: dict[str, str]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: FixedServer

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.status)
        self.send_header("Content-Type", self.server.content_type)
        self.send_header("Content-Length", str(len(self.server.body)))
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def fixed_server() -> Iterator[FixedServer]:
    server = FixedServer(("127.0.0.1", 0), Handler)
    server.headers = {}
    with serving(server):
        yield server


def failure(kaggle: KaggleApi) -> KitError:
    with pytest.raises(KitError) as caught:
        kaggle.quota()
    shown = "".join(traceback.format_exception(caught.value))
    assert SECRET not in shown + repr(caught.value) + hint_text(caught.value.hint)
    assert caught.value.hint or isinstance(caught.value, InvalidInput)
    return caught.value


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_request_is_repeated_after_a_failure_that_may_pass(
    local_kaggle: LocalKaggle, status: int
) -> None:
    messages: list[str] = []
    kaggle = connect_local(local_kaggle.endpoint, local_kaggle.token, on_wait=messages.append)
    fault = "GetAcceleratorQuotaStatistics"
    local_kaggle.fault("status", fault, status=status, count=2, retry_after=0)
    assert kaggle.quota().pools
    assert local_kaggle.calls(fault) == 3
    assert len(messages) == 2 and "Trying again" in messages[0]


def test_a_request_is_repeated_after_a_lost_connection(local_kaggle: LocalKaggle) -> None:
    kaggle = connect_local(local_kaggle.endpoint, local_kaggle.token)
    local_kaggle.fault("lost_answer", "GetAcceleratorQuotaStatistics")
    assert kaggle.quota().pools


def test_a_request_fails_at_once_when_kaggle_asks_for_a_longer_wait_than_is_left(
    fixed_server: FixedServer,
) -> None:
    fixed_server.status, fixed_server.body = 429, b'{"code": 429, "message": "slow down"}'
    fixed_server.headers = {"Retry-After": "3600"}
    kaggle = connect_local(fixed_server.endpoint, SECRET, total_seconds=60)
    error = failure(kaggle)
    assert (error.code, error.exit_code) == ("too_many_requests", 5)
    assert "slow down" in error.message
    assert hint_text(error.hint) == "Kaggle asks to wait 1 h; try again after that."


@pytest.mark.parametrize("retry_after", ["0", "-5", "nan", "-inf", "inf", "soon", "", PAST])
def test_no_answer_makes_a_repetition_come_at_once(
    fixed_server: FixedServer, retry_after: str
) -> None:
    fixed_server.status, fixed_server.headers = 503, {"Retry-After": retry_after}
    messages: list[str] = []
    failure(
        connect_local(fixed_server.endpoint, SECRET, on_wait=messages.append, total_seconds=1.2)
    )
    assert len(messages) == 1, "the first pause is half a second or more, the second one second"


def test_kaggle_may_ask_to_wait_until_a_date(fixed_server: FixedServer) -> None:
    in_two_hours = format_datetime(datetime.now(UTC) + timedelta(hours=2, seconds=30), usegmt=True)
    fixed_server.status, fixed_server.headers = 429, {"Retry-After": in_two_hours}
    error = failure(connect_local(fixed_server.endpoint, SECRET, total_seconds=60))
    assert hint_text(error.hint) == "Kaggle asks to wait 2 h; try again after that."


def test_all_requests_of_a_brief_command_end_together() -> None:
    with dripping_server("body") as port:
        kaggle = connect_local(f"http://127.0.0.1:{port}", SECRET, answer_within=0.5)
        started = time.monotonic()
        for _ in range(3):
            assert failure(kaggle).code == "unreachable"
        with pytest.raises(NetworkFailed):
            list(kaggle.log(RunRef(KERNEL, 1)))
        assert time.monotonic() - started < 3


def test_without_a_network_a_request_fails_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "NO_NETWORK_SECONDS", 0.1)
    error = failure(connect_local("http://no-such-host.invalid", SECRET))
    assert (error.code, error.exit_code) == ("no_network", 5)
    assert "There is no network" in error.message


def test_a_cause_that_lasts_is_not_tried_again(
    fixed_server: FixedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixed_server.status = 407
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setenv("KAGGLE_API_TOKEN", SECRET)
    monkeypatch.setenv("http_proxy", fixed_server.endpoint)
    messages: list[str] = []
    error = failure(connect(on_wait=messages.append))
    assert (error.code, error.exit_code, messages) == ("proxy", 5, [])


def test_a_proxy_that_cannot_be_used_is_no_fault_of_the_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", SECRET)
    monkeypatch.setenv("https_proxy", "http://[half")
    with pytest.raises(NetworkFailed, match="https_proxy"):
        connect().account()


def test_a_request_fails_when_the_time_for_all_tries_is_over(fixed_server: FixedServer) -> None:
    fixed_server.status = 503
    error = failure(connect_local(fixed_server.endpoint, SECRET, total_seconds=0.1))
    assert (error.code, error.exit_code) == ("kaggle_failed", 5)


def test_a_server_that_cannot_be_reached_is_reported() -> None:
    error = failure(connect_local("http://127.0.0.1:9", SECRET, total_seconds=0.1))
    assert (error.code, error.exit_code) == ("unreachable", 5)


def test_the_error_of_a_refused_token_names_its_origin(fixed_server: FixedServer) -> None:
    fixed_server.status, fixed_server.body = 401, b'{"code": 401, "message": "Unauthenticated"}'
    error = failure(connect_local(fixed_server.endpoint, SECRET))
    assert isinstance(error, Refused) and error.code == "bad_credentials"
    assert "token from the local Kaggle" in error.message


def test_an_error_inside_a_200_response_is_an_error(fixed_server: FixedServer) -> None:
    fixed_server.body = json.dumps({"code": 400, "message": "No such thing."}).encode()
    error = failure(connect_local(fixed_server.endpoint, SECRET))
    assert error.exit_code == 3 and "No such thing." in error.message


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (200, "text/html", b"<html>Please log in to the hotel's network</html>"),
        (200, "application/json", b"[]"),
        (302, "text/html", b""),
    ],
)
def test_a_response_that_is_not_kaggles_is_reported(
    fixed_server: FixedServer, status: int, content_type: str, body: bytes
) -> None:
    fixed_server.status, fixed_server.content_type, fixed_server.body = status, content_type, body
    fixed_server.headers = {"Location": "http://127.0.0.1:9/elsewhere"} if status == 302 else {}
    error = failure(connect_local(fixed_server.endpoint, SECRET, total_seconds=0.1))
    assert isinstance(error, NetworkFailed) and error.code == "not_kaggle"


def test_the_local_kaggle_is_reached_without_the_users_proxy(
    local_kaggle: LocalKaggle, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    kaggle = connect_local(local_kaggle.endpoint, local_kaggle.token, total_seconds=0.1)
    assert kaggle.newest_version(KERNEL) is None


def test_kaggles_clock_is_known_from_its_responses(local_kaggle: LocalKaggle) -> None:
    local_kaggle.set_clock("2026-11-20T23:59:00Z")
    kaggle = connect_local(local_kaggle.endpoint, local_kaggle.token)
    for _ in range(3):
        kaggle.quota()
    # 2026-11-20T23:59:00Z, and the few seconds since.
    assert abs(kaggle.now() - 1795219140) < 10
    local_kaggle.advance(7200)
    kaggle.quota()
    assert abs(kaggle.now() - 1795226340) < 15


@pytest.mark.parametrize(("status", "body"), [(200, "<html>"), (200, ""), (204, ""), (302, "")])
def test_an_answer_that_is_not_kaggles_may_pass(
    local_kaggle: LocalKaggle, status: int, body: str
) -> None:
    local_kaggle.answer("GetAcceleratorQuotaStatistics", body, status)
    assert connect_local(local_kaggle.endpoint, local_kaggle.token).quota().pools


def test_an_address_of_kaggles_that_is_not_encrypted_is_refused() -> None:
    kaggle = Transport("https://api.kaggle.com", lambda: Credentials("token", "a test", "secret"))
    assert kaggle.require_secure("https://storage.example.com/a") == "https://storage.example.com/a"
    for address in (
        "http://storage.example.com/a",
        "http://127.0.0.1:22/",
        "file:///etc/passwd",
        "http://[half",
        "https://[half",
        "",
    ):
        with pytest.raises(KitError, match="not encrypted"):
            kaggle.require_secure(address)
