"""Starting, finding, stopping and resetting the local Kaggle of a state folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.local_kaggle import until

from kitctl.errors import InvalidInput, NetworkFailed, Refused
from kitctl.local import lifecycle, locks
from kitctl.local.state.local_state import LocalState

START = """
import sys
from pathlib import Path
from kitctl.local import lifecycle

print(lifecycle.start(Path(sys.argv[1])).pid)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A state folder; the server that a test starts in it is stopped."""
    folder = tmp_path / "state"
    yield folder
    lifecycle.stop(folder)


def run_start(folder: Path) -> subprocess.Popen[str]:
    """Start a local Kaggle from another process, which prints the server's process id."""
    command = [sys.executable, "-W", "error", "-c", START, str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)


def test_it_is_found_between_start_and_stop(folder: Path) -> None:
    assert lifecycle.find(folder) is None and lifecycle.address(folder) is None
    started = lifecycle.start(folder)
    assert lifecycle.find(folder) == started
    assert lifecycle.address(folder) == (started.endpoint, started.token)
    assert lifecycle.stop(folder)
    assert lifecycle.find(folder) is None and lifecycle.address(folder) is None
    assert not lifecycle.stop(folder)


def test_a_second_start_finds_the_first_server(folder: Path) -> None:
    assert lifecycle.start(folder) == lifecycle.start(folder)


def test_two_processes_that_start_one_at_once_get_the_same_server(folder: Path) -> None:
    both = [run_start(folder) for _ in range(2)]
    outputs = [process.communicate(timeout=60) for process in both]
    assert outputs[0] == outputs[1]
    assert int(outputs[0][0]) > 0


def test_a_server_outlives_the_process_that_started_it_without_a_warning(folder: Path) -> None:
    out, err = run_start(folder).communicate(timeout=60)
    assert err == ""
    running = lifecycle.find(folder)
    assert running is not None and running.pid == int(out)


def test_a_started_server_that_ends_leaves_no_zombie_process(folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pid = lifecycle.start(folder).pid
    lifecycle.stop(folder)

    def has_gone() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    until(has_gone)


def test_a_start_is_refused_while_another_one_takes_too_long(folder: Path) -> None:
    folder.mkdir()
    with locks.start_lock(folder, 0.0), pytest.raises(Refused):
        lifecycle.start(folder, timeout_seconds=0.1)
    assert not (folder / "server.log").exists()


def test_after_kill_9_the_next_server_has_the_same_address_and_token(folder: Path) -> None:
    first = lifecycle.start(folder)
    address = lifecycle.address(folder)
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: lifecycle.address(folder) is None)
    again = lifecycle.start(folder)
    assert lifecycle.address(folder) == address
    assert again.pid != first.pid


def test_files_of_a_server_that_has_ended_are_not_taken_for_a_running_one(folder: Path) -> None:
    folder.mkdir()
    (folder / "pid").write_text(f"{os.getpid()}\n", encoding="utf-8")
    (folder / "endpoint").write_text("http://127.0.0.1:1\n", encoding="utf-8")
    (folder / "token").write_text("old\n", encoding="utf-8")
    assert lifecycle.find(folder) is None and lifecycle.address(folder) is None
    assert not lifecycle.stop(folder)
    assert lifecycle.start(folder).pid != os.getpid()


def test_a_server_takes_the_port_that_is_asked_for(folder: Path) -> None:
    first = lifecycle.start(folder)
    lifecycle.stop(folder)
    (folder / "endpoint").unlink()
    port = int(first.endpoint.rsplit(":", 1)[1])
    assert lifecycle.start(folder, port).endpoint == first.endpoint


def test_a_start_that_fails_ends_with_the_servers_last_line(folder: Path) -> None:
    folder.mkdir()
    (folder / "kaggle.sqlite").write_text("this is no database, whatever its name", "utf-8")
    with pytest.raises(NetworkFailed, match="not a database") as raised:
        lifecycle.start(folder)
    assert raised.value.code == "local_kaggle_failed"
    assert not locks.is_served(folder)


@pytest.mark.parametrize("is_running", [True, False])
def test_reset_deletes_the_state_and_keeps_the_token_and_other_files(
    folder: Path, is_running: bool
) -> None:
    token = lifecycle.start(folder).token
    lifecycle.stop(folder)
    (folder / "other.txt").write_text("not the local Kaggle's", encoding="utf-8")
    state = LocalState(folder)
    state.blobs.create("a.txt", 1)
    state.close()
    for name in ("submissions", "competitions", "datasets"):
        (folder / name / "1").mkdir(parents=True)
    if is_running:
        lifecycle.start(folder)
    lifecycle.reset(folder)
    left = {path.name for path in folder.iterdir()} - {"sessions", "blobs", "datasets"}
    assert not {"submissions", "competitions"} & left
    assert not list(folder.glob("blobs/*")) and not list(folder.glob("datasets/*"))
    assert (folder / "other.txt").exists()
    again = lifecycle.start(folder)
    assert again.token == token


def test_a_folder_that_is_not_there_can_be_reset(tmp_path: Path) -> None:
    lifecycle.reset(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_only_a_folder_can_stand_for_a_dataset(folder: Path, tmp_path: Path) -> None:
    running = lifecycle.start(folder)
    lifecycle.register_sources(running, {"someone/photos": tmp_path})
    with pytest.raises(InvalidInput, match="is not a folder"):
        lifecycle.register_sources(running, {"someone/photos": tmp_path / "none"})


def test_only_a_local_kaggles_folder_is_reset(tmp_path: Path) -> None:
    (tmp_path / "sessions").mkdir()
    (tmp_path / "sessions" / "precious").write_text("mine", "utf-8")
    with pytest.raises(InvalidInput, match="never a local Kaggle's"):
        lifecycle.reset(tmp_path)
    assert (tmp_path / "sessions" / "precious").exists()
