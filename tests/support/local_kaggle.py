"""A local Kaggle for tests: the real server, in a process of its own, on a port of its own.

`local_kaggle_server` runs one server for the whole session; `local_kaggle` is that server without
any state, with methods to call its API, to move its clock and to inject faults.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.local_kaggle_calls import AnsweredError as AnsweredError
from support.local_kaggle_calls import LocalKaggleCalls
from support.local_kaggle_calls import until as until


@dataclass
class LocalKaggle(LocalKaggleCalls):
    """A running local Kaggle and its process."""

    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """End the server with kill -9."""
        self.process.kill()
        self._close()

    def restart(self) -> None:
        """Start the server again on the same state and port."""
        self.process = _launch(self.state)
        self.wait_until_it_answers()

    def stop(self) -> None:
        self.process.terminate()
        self._close()

    def _close(self) -> None:
        self.process.wait(20)
        assert self.process.stdin is not None
        self.process.stdin.close()

    def wait_until_it_answers(self) -> None:
        def answers() -> bool:
            assert self.process.poll() is None, "the local Kaggle ended at once"
            try:
                return bool(self.admin("health")["pid"] == self.process.pid)
            except (OSError, IndexError, ValueError, AnsweredError):
                return False

        until(answers)


def start_local_kaggle(state: Path) -> LocalKaggle:
    """Start a server on a free port; the caller stops it."""
    server = LocalKaggle(state, _launch(state))
    server.wait_until_it_answers()
    return server


# A server that ends with the tests, however they end: its stdin is a pipe that they hold open.
_SERVE_DURING_TESTS = """
import os, signal, sys, threading
from pathlib import Path
from kitctl.local.process import serve

def end_with_the_tests():
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=end_with_the_tests, daemon=True).start()
serve(Path(sys.argv[1]))
"""


def _launch(state: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _SERVE_DURING_TESTS, str(state)], stdin=subprocess.PIPE
    )


@pytest.fixture(scope="session")
def local_kaggle_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKaggle]:
    server = start_local_kaggle(tmp_path_factory.mktemp("local-kaggle") / "state")
    yield server
    server.stop()


@pytest.fixture
def local_kaggle(local_kaggle_server: LocalKaggle) -> LocalKaggle:
    """A local Kaggle without any state, whose sessions do not wait in a queue."""
    if local_kaggle_server.process.poll() is not None:
        local_kaggle_server.stop()
        local_kaggle_server.restart()
    local_kaggle_server.reset()
    local_kaggle_server.settings(queue_seconds=0)
    return local_kaggle_server
