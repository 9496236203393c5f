"""`kitctl local serve|start|stop|status|reset`, from outside."""

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
from support.command_line import Kitctl
from support.local_kaggle import until

from kitctl.local import lifecycle


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A state folder; the server that a test starts in it is stopped."""
    folder = tmp_path / "state"
    yield folder
    lifecycle.stop(folder)


def kitctl_local(command: str, state: Path, *options: str, code: int = 0) -> Any:
    """Run `kitctl local COMMAND --json` outside a project; return its data or its error."""
    arguments = ["--state", str(state), "--json", *options]
    done = subprocess.run(
        [sys.executable, "-m", "kitctl", "local", command, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        cwd=state.parent,
    )
    assert done.returncode == code, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    return answer["data"] if answer["ok"] else answer["error"]


def test_status_follows_start_and_stop(state: Path) -> None:
    assert kitctl_local("status", state)["running"] is False
    started = kitctl_local("start", state)
    assert started["endpoint"] == (state / "endpoint").read_text("utf-8").strip()
    assert kitctl_local("status", state) == started
    assert kitctl_local("start", state)["pid"] == started["pid"]
    assert kitctl_local("stop", state)["stopped"] is True
    assert kitctl_local("status", state)["running"] is False
    assert kitctl_local("stop", state)["stopped"] is False


def test_the_token_is_not_printed(state: Path) -> None:
    started = kitctl_local("start", state)
    assert (state / "token").read_text("utf-8").strip() not in json.dumps(started)


def test_start_takes_a_port(state: Path) -> None:
    port = lifecycle.start(state).endpoint.rsplit(":", 1)[1]
    lifecycle.stop(state)
    assert kitctl_local("start", state, "--port", port)["endpoint"].endswith(f":{port}")


def test_reset_must_be_confirmed_by_yes(state: Path) -> None:
    refused = kitctl_local("reset", state, code=2)
    assert refused["code"] == "not_confirmed" and "--yes" in refused["hint"]
    assert kitctl_local("reset", state, "--yes")["reset"] is True


def test_serve_refuses_any_address_but_loopback(state: Path) -> None:
    error = kitctl_local("serve", state, "--host", "0.0.0.0", code=3)
    assert error["code"] == "not_loopback"


def test_serve_ends_at_ctrl_c(state: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "kitctl", "local", "serve", "--state", str(state)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("http://127.0.0.1:")
    until(lambda: lifecycle.find(state))
    process.send_signal(signal.SIGINT)
    assert "ended" in process.communicate(timeout=20)[0]
    assert process.returncode == 0


def test_reset_forgets_the_ledgers_runs_of_the_local_kaggle(kitctl: Kitctl) -> None:
    kitctl("push", "--local")
    kitctl("wait", "--local")
    assert kitctl("local", "reset", "--yes").code == 0
    assert kitctl("runs", "--local", "--json").data["runs"] == []
    assert kitctl("push", "--local", "--json").data["version"] == 1


def test_the_hint_of_reset_repeats_the_state_folder(state: Path) -> None:
    refused = kitctl_local("reset", state, code=2)
    assert refused["hint"] == f"kitctl local reset --state {state} --yes"


def test_open_prints_a_link_that_signs_in_only_when_asked(kitctl: Kitctl, project: Path) -> None:
    shown = kitctl("local", "open", "--print", "--json").data
    assert shown["link"].startswith(f"{shown['endpoint']}/sign-in/")
