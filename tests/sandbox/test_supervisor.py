"""The supervisor as a program of its own: exit codes, and the end of a run's process tree."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.local_kaggle import until
from support.processes import unique_seconds, with_argument

from kitctl.sandbox import supervisor

PROGRAM = str(supervisor.__file__)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc")


@pytest.fixture
def sleep_seconds() -> Iterator[str]:
    """A number of seconds that names one process; whatever the test leaves is killed."""
    seconds = unique_seconds()
    yield seconds
    for process in with_argument(seconds):
        subprocess.run(["kill", "-9", process.name], check=False)


def supervise(folder: Path, *command: str, grace_seconds: float = 2.0) -> subprocess.Popen[bytes]:
    spec = {"command": command, "cwd": str(folder), "grace_seconds": grace_seconds}
    return subprocess.Popen(
        [sys.executable, "-I", PROGRAM, json.dumps(spec)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def close(process: subprocess.Popen[bytes]) -> int:
    """Close the supervisor's pipes; return its exit code."""
    process.communicate(timeout=30)
    return process.returncode


@pytest.mark.parametrize(
    ("command", "exit_code"),
    [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -15 $$", 143)],
)
def test_the_exit_code_is_the_runs_own(tmp_path: Path, command: str, exit_code: int) -> None:
    process = supervise(tmp_path, "/bin/sh", "-c", command)
    assert process.wait(30) == exit_code
    close(process)


def test_the_run_starts_in_its_folder_and_prints_to_the_supervisors_stdout(tmp_path: Path) -> None:
    process = supervise(tmp_path, "/bin/sh", "-c", "pwd")
    assert process.wait(30) == 0
    assert process.stdout is not None
    assert process.stdout.read().decode().strip() == str(tmp_path)
    close(process)


def test_closing_stdin_ends_the_run(tmp_path: Path, sleep_seconds: str) -> None:
    process = supervise(tmp_path, "sleep", sleep_seconds)
    until(lambda: with_argument(sleep_seconds))
    assert close(process) == 143
    assert not with_argument(sleep_seconds)


def test_a_run_that_ignores_sigterm_is_killed_after_the_grace(
    tmp_path: Path, sleep_seconds: str
) -> None:
    command = f"trap '' TERM; while true; do sleep {sleep_seconds}; done"
    process = supervise(tmp_path, "/bin/sh", "-c", command, grace_seconds=0.2)
    until(lambda: with_argument(sleep_seconds))
    assert close(process) == 137
    assert not with_argument(sleep_seconds)


def test_processes_that_left_the_runs_group_end_with_the_run(
    tmp_path: Path, sleep_seconds: str
) -> None:
    child = f"touch started; exec sleep {sleep_seconds}"
    command = f"setsid sh -c '{child}' & until [ -e started ]; do sleep 0.01; done"
    process = supervise(tmp_path, "/bin/sh", "-c", command)
    assert process.wait(30) == 0
    assert not with_argument(sleep_seconds)
    close(process)


def test_the_process_tree_ends_after_kill_9_of_the_owner(
    tmp_path: Path, sleep_seconds: str
) -> None:
    spec = {"command": ["/bin/sh", "-c", f"setsid sleep {sleep_seconds}; true"]}
    spec_text = json.dumps({**spec, "cwd": str(tmp_path), "grace_seconds": 0.2})
    owner_code = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-I', *sys.argv[1:]], stdin=subprocess.PIPE)\n"
        "time.sleep(600)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", owner_code, PROGRAM, spec_text])
    until(lambda: with_argument(sleep_seconds))
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    until(lambda: not with_argument(sleep_seconds))


def test_the_run_ends_after_kill_9_of_the_supervisor(tmp_path: Path, sleep_seconds: str) -> None:
    process = supervise(tmp_path, "sleep", sleep_seconds)
    until(lambda: with_argument(sleep_seconds))
    process.kill()
    until(lambda: not with_argument(sleep_seconds))
    close(process)
