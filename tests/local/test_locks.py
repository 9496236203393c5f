"""The locks of a state folder, between processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.local_kaggle import until

from kitctl.errors import Refused
from kitctl.local import locks

HOLDER = """
import sys, time
from pathlib import Path
from kitctl.local import locks

with locks.server_lock(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(600)
"""


@contextmanager
def another_process_holds_the_lock(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "locked\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_folder_is_served_while_a_process_holds_its_lock(tmp_path: Path) -> None:
    assert not locks.is_served(tmp_path)
    with another_process_holds_the_lock(tmp_path):
        assert locks.is_served(tmp_path)


def test_the_lock_is_free_after_kill_9(tmp_path: Path) -> None:
    with another_process_holds_the_lock(tmp_path) as process:
        process.kill()
        until(lambda: not locks.is_served(tmp_path))
    with locks.server_lock(tmp_path):
        pass


def test_a_second_process_is_refused_with_the_folder_in_the_message(tmp_path: Path) -> None:
    with (
        another_process_holds_the_lock(tmp_path),
        pytest.raises(Refused) as refused,
        locks.server_lock(tmp_path, timeout_seconds=0.1),
    ):
        pass
    assert refused.value.code == "already_running"
    assert str(tmp_path) in refused.value.message


def test_the_lock_is_free_after_its_block_even_when_that_fails(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="in the block"), locks.server_lock(tmp_path):
        raise ValueError("in the block")
    assert not locks.is_served(tmp_path)


def test_the_start_lock_does_not_make_a_folder_served(tmp_path: Path) -> None:
    with locks.start_lock(tmp_path, 0.0):
        assert not locks.is_served(tmp_path)


def test_a_missing_folder_is_not_served_and_not_made(tmp_path: Path) -> None:
    assert not locks.is_served(tmp_path / "none")
    assert not (tmp_path / "none").exists()
