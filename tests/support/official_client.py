"""The official `kaggle` command, unmodified, directed to the local Kaggle as the README says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.local_kaggle import LocalKaggle

# Another environment's Python, with another release of the official client.
PYTHON = os.environ.get("KITCTL_CLIENT_PYTHON", sys.executable)

OfficialClient = Callable[..., "subprocess.CompletedProcess[str]"]


def client_release() -> tuple[int, ...]:
    """Return the release of the official client, such as (2, 2, 5)."""
    command = "from importlib.metadata import version; print(version('kaggle'))"
    printed = subprocess.run([PYTHON, "-c", command], capture_output=True, text=True, check=True)
    return tuple(int(part) for part in printed.stdout.strip().split("."))


def environment(server: LocalKaggle, home: Path) -> dict[str, str]:
    """Return the variables that the README names, and a home of the test's own."""
    inherited = ("PATH", "PYTHONPATH", "SYSTEMROOT")
    return {
        **{name: os.environ[name] for name in inherited if name in os.environ},
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONIOENCODING": "utf-8",
        "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
        "http_proxy": server.endpoint,
        "KAGGLE_API_TOKEN": str(server.state / "token"),
    }


@pytest.fixture
def kaggle(local_kaggle: LocalKaggle, tmp_path: Path) -> OfficialClient:
    """Return a function that runs `kaggle`; the test fails where the command fails."""
    home = tmp_path / "home"
    home.mkdir()

    def run(
        *arguments: str, fails: bool = False, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [PYTHON, "-m", "kaggle", *arguments],
            env={**environment(local_kaggle, home), **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done

    return run
