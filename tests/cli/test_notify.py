"""`--notify`, which tells the user elsewhere that a run has ended."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.command_line import Kitctl, write_script

SECRET = "webhook-secret-4711"
UNFINISHED_ONCE = """
import os
if not os.environ.get("KITCTL_RESUME"):
    open("UNFINISHED.txt", "w").write("1 of 2")
"""


class Receiver(ThreadingHTTPServer):
    """Records what is sent to it, and answers with `status`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[dict[str, object]] = []
        self.status = 200


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_an_address_gets_the_run_and_how_it_ended_and_nothing_else(
    kitctl: Kitctl, project: Path, receiver: Receiver
) -> None:
    write_script(project, f"print({SECRET!r}); raise SystemExit(1)")
    address = f"http://127.0.0.1:{receiver.server_port}/{SECRET}"
    call = kitctl("push", "--local", "--follow", "--notify", address)
    assert call.code == 6
    (body,) = receiver.bodies
    assert set(body) == {"text", "content", "run", "status", "running_seconds"}
    assert (body["run"], body["status"]) == ("local/small-job/1", "ERROR")
    assert SECRET not in json.dumps(body)


@pytest.mark.parametrize("status", [404, 500])
def test_an_address_that_refuses_is_a_warning_without_the_address(
    kitctl: Kitctl, receiver: Receiver, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.status = status
    kitctl("push", "--local", "--force")
    monkeypatch.setenv("KITCTL_NOTIFY", f"http://127.0.0.1:{receiver.server_port}/{SECRET}")
    call = kitctl("wait", "--local", "--verbose")
    assert call.code == 0
    assert f"answered {status}" in call.err
    assert SECRET not in call.err + call.out


@pytest.mark.parametrize(
    "where", ["http://example.org/x", "ftp://example.org", "mail", "https://", "http://[", "--"]
)
def test_a_place_that_nothing_can_be_sent_to_safely_is_refused_before_the_push(
    kitctl: Kitctl, where: str
) -> None:
    call = kitctl("push", "--local", "--follow", f"--notify={where}", "--json")
    assert (call.code, call.error["code"]) == (2, "bad_notify")
    assert kitctl("runs", "--local", "--json").data["runs"] == []


def test_a_chain_says_once_how_it_ended(kitctl: Kitctl, project: Path, receiver: Receiver) -> None:
    write_script(project, UNFINISHED_ONCE)
    address = f"http://127.0.0.1:{receiver.server_port}/"
    assert kitctl("push", "--local", "--until-done", "--follow", "--notify", address).code == 0
    (body,) = receiver.bodies
    assert "finished: 2 sessions" in str(body["text"])
    assert (body["run"], body["status"]) == ("local/small-job/2", "COMPLETE")
    assert (body["outcome"], body["sessions"]) == ("finished", 2)


def test_a_chain_that_stops_for_a_refused_session_says_so(
    kitctl: Kitctl, project: Path, receiver: Receiver
) -> None:
    write_script(project, f"print({SECRET!r})", dataset_sources=["ada/missing"])
    address = f"http://127.0.0.1:{receiver.server_port}/{SECRET}"
    assert kitctl("push", "--local", "--until-done", "--notify", address).code == 4
    (body,) = receiver.bodies
    assert body["outcome"] == "source_missing"
    assert SECRET not in json.dumps(body)
