"""`kitctl logs`, through the local Kaggle."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from support.command_line import Kitctl, write_script
from support.local_kaggle import LocalKaggle, until
from support.local_setup import LAST_WEEK
from support.official_client import environment


def run_script(kitctl: Kitctl, project: Path, script: str) -> None:
    write_script(project, script)
    kitctl("push", "--local")
    kitctl("wait", "--local")


def test_each_line_has_the_version_and_the_time(kitctl: Kitctl, project: Path) -> None:
    run_script(kitctl, project, "print('trained')")
    assert re.fullmatch(r"\[v1 00:00:\d\d\] trained\n", kitctl("logs", "--local").out)
    lines = kitctl("logs", "v1", "--local", "--json").data["lines"]
    assert [line["text"] for line in lines] == ["trained"]


def test_raw_lines_are_the_runs_own(kitctl: Kitctl, project: Path) -> None:
    run_script(kitctl, project, "print('trained')")
    assert kitctl("logs", "--local", "--raw").out == "trained\n"


def test_tail_shows_the_last_lines_with_and_without_follow(kitctl: Kitctl, project: Path) -> None:
    run_script(kitctl, project, "for n in range(9): print(n)")
    assert kitctl("logs", "--tail", "2", "--raw", "--local").out == "7\n8\n"
    assert kitctl("logs", "-f", "--tail", "2", "--raw", "--local").out == "7\n8\n"


def test_follow_exits_with_6_when_the_run_has_failed(kitctl: Kitctl, project: Path) -> None:
    run_script(kitctl, project, "raise SystemExit(1)")
    assert kitctl("logs", "-f", "--local").code == 6


def test_the_log_of_a_running_run_names_the_command_that_follows_it(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, "import time; print('one', flush=True); time.sleep(600)")
    kitctl("push", "--local")
    until(lambda: local_kaggle.status("small-job") == "RUNNING")
    assert "kitctl logs --local -f 1" in kitctl("logs", "--local").err


CLEAR_SCREEN = "\x1b[2J\x1b]52;c;ZXZpbA==\x07\x9b2J"


def test_control_sequences_of_a_log_reach_a_pipe_with_raw_only(
    kitctl: Kitctl, local_kaggle: LocalKaggle
) -> None:
    line = {"stream_name": "stdout", "time": 1.0, "data": f"a{CLEAR_SCREEN}b\n"}
    local_kaggle.seed("noisy", status="ERROR", failureMessage=CLEAR_SCREEN, log=[line], **LAST_WEEK)
    run = ("local/noisy/1", "--local")
    assert kitctl("logs", *run).out == "[v1 00:00:01] ab\n"
    assert kitctl("logs", *run, "--raw").out == f"a{CLEAR_SCREEN}b\n"
    assert kitctl("logs", "-f", *run, "--raw").out == f"a{CLEAR_SCREEN}b\n"
    call = kitctl("logs", *run, "--json")
    assert call.data["lines"][0]["text"] == f"a{CLEAR_SCREEN}b"
    status = kitctl("status", *run)
    assert not set(call.out + status.out + status.err) & set("\x1b\x07\x9b")


def test_a_login_that_ends_while_a_run_is_followed_is_renewed(
    project: Path, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    write_script(project, "import time\nfor n in range(25): print(n, flush=True); time.sleep(0.2)")
    # Each access token lasts two seconds, the run five; the stream breaks off in between.
    local_kaggle.settings(access_token_seconds=2)
    local_kaggle.write_oauth_login(tmp_path / "home")
    local_kaggle.fault("drop", "logs", after_events=15)
    login = {"KAGGLE_API_TOKEN": "", "KITCTL_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-m", "kitctl", "push", "--follow"],
        env={**environment(local_kaggle, tmp_path / "home"), **login},
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split("] ")[1] for line in done.stdout.splitlines() if line.startswith("[v1")]
    assert lines == [str(number) for number in range(25)]
    assert local_kaggle.calls("GenerateAccessToken") >= 2


def test_logs_says_that_kaggle_does_not_show_the_run(
    kitctl: Kitctl, local_kaggle: LocalKaggle
) -> None:
    kitctl("push", "--local")
    local_kaggle.hide_new_versions(600, 403)
    call = kitctl("logs", "--local")
    assert call.code == 0 and "Kaggle does not show local/small-job/1 now" in call.err


def test_half_a_character_in_a_log_is_shown_and_kept_as_its_number(
    kitctl: Kitctl, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    line = {"stream_name": "stdout", "time": 1.0, "data": "a\ud800b \udcff\n"}
    local_kaggle.seed("noisy", status="ERROR", log=[line], **LAST_WEEK)
    run = ("local/noisy/1", "--local")
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    for options in ([], ["--raw"], ["-f"], ["--json"]):
        command = [sys.executable, "-m", "kitctl", "logs", *run, *options]
        call = subprocess.run(command, capture_output=True, env=environment)
        assert call.returncode in (0, 6), call.stderr
        assert rb"a\ud800b" in call.stdout
    pulled = kitctl("pull-results", *run, "--out", str(tmp_path / "out"), "--json")
    assert pulled.code in (0, 5, 6)
    assert kitctl("status", *run, "--json").code in (0, 6)
