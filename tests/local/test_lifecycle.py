"""`kitctl local start|status|stop|reset`, from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.local_kaggle import until

from kitctl.errors import Refused
from kitctl.local import lifecycle, locks, state_folder


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "state"
    yield folder
    lifecycle.stop(folder)


def kitctl(*arguments: str | Path, code: int = 0) -> Any:
    """The data (or the error) of a `kitctl local` command."""
    done = subprocess.run(
        [sys.executable, "-m", "kitctl", "local", *map(str, arguments), "--json"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    return answer["data"] if answer["ok"] else answer["error"]


def test_it_starts_answers_and_stops(state: Path) -> None:
    assert kitctl("status", "--state", state)["running"] is False
    started = kitctl("start", "--state", state)
    assert started["endpoint"] == (state / "endpoint").read_text("utf-8").strip()
    assert kitctl("status", "--state", state) == started
    assert kitctl("start", "--state", state)["pid"] == started["pid"]
    assert state_folder.read_token(state) not in json.dumps(started)
    assert kitctl("stop", "--state", state)["stopped"] is True
    assert kitctl("status", "--state", state)["running"] is False
    assert kitctl("stop", "--state", state)["stopped"] is False


def test_two_starts_at_once_lead_to_one_server(state: Path) -> None:
    command = [sys.executable, "-m", "kitctl", "local", "start", "--state", str(state), "--json"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in both]
    assert answers[0]["data"]["pid"] == answers[1]["data"]["pid"]


def test_a_start_waits_for_one_that_is_under_way(state: Path) -> None:
    state.mkdir()
    with locks.start_lock(state, 0.0), pytest.raises(Refused):
        lifecycle.start(state, timeout_seconds=0.1)
    assert not (state / "server.log").exists()


def test_it_comes_back_on_its_port_with_its_token(state: Path) -> None:
    first = lifecycle.start(state)
    token = first.token
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: lifecycle.find(state) is None)
    again = lifecycle.start(state)
    assert (again.endpoint, again.token) == (first.endpoint, token)
    assert again.pid != first.pid


def test_a_pid_file_that_is_left_over_misleads_nobody(state: Path) -> None:
    state.mkdir()
    (state / "pid").write_text(f"{os.getpid()}\n", encoding="utf-8")
    (state / "endpoint").write_text("http://127.0.0.1:1\n", encoding="utf-8")
    (state / "token").write_text("old\n", encoding="utf-8")
    assert kitctl("status", "--state", state)["running"] is False
    assert kitctl("stop", "--state", state)["stopped"] is False
    assert lifecycle.start(state).pid != os.getpid()


def test_a_port_can_be_asked_for(state: Path) -> None:
    port = int(lifecycle.start(state).endpoint.rsplit(":", 1)[1])
    lifecycle.stop(state)
    assert kitctl("start", "--state", state, "--port", str(port))["endpoint"].endswith(f":{port}")


def test_reset_wants_a_yes(state: Path) -> None:
    refused = kitctl("reset", "--state", state, code=2)
    assert refused["code"] == "not_confirmed" and "--yes" in refused["hint"]


@pytest.mark.parametrize("running", [True, False])
def test_reset_forgets_everything_but_the_token(state: Path, running: bool) -> None:
    first = lifecycle.start(state)
    token = first.token
    lifecycle._post(first.endpoint, token, "seed", {"runs": [{"slug": "old-one"}]})
    (state / "mine.txt").write_text("not the kit's", encoding="utf-8")
    if not running:
        lifecycle.stop(state)
    kitctl("reset", "--state", state, "--yes")
    again = lifecycle.start(state)
    assert again.token == token
    assert not list((state / "sessions").glob("*"))
    assert (state / "mine.txt").exists()


def test_a_start_that_fails_says_why(state: Path) -> None:
    state.mkdir()
    (state / "kaggle.sqlite").write_text("this is no database, whatever its name", "utf-8")
    error = kitctl("start", "--state", state, code=5)
    assert "not a database" in error["message"]


def test_serving_anywhere_but_on_loopback_is_refused(state: Path) -> None:
    error = kitctl("serve", "--state", state, "--host", "0.0.0.0", code=3)
    assert error["code"] == "not_loopback"


def test_serving_in_the_foreground_ends_at_ctrl_c(state: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "kitctl", "local", "serve", "--state", str(state)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("http://127.0.0.1:")
    until(lambda: lifecycle.find(state))
    process.send_signal(signal.SIGINT)
    assert "ended" in process.communicate(timeout=20)[0]
    assert process.returncode == 0
