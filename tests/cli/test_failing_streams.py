"""What a command does where its output cannot be written."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


def call(arguments: str, redirections: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f"{shlex.quote(sys.executable)} -m kitctl {arguments} {redirections}"],
        cwd=folder,
        env={**os.environ, "KITCTL_HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "redirections", "code"),
    [
        ("--version", ">/dev/full", 3),
        ("status --json", ">/dev/full", 3),
        ("status --json", ">/dev/full 2>/dev/full", 3),
        ("status", "2>/dev/full", 3),
        ("--help", ">&- 2>&-", 0),
    ],
)
def test_a_command_whose_output_cannot_be_written_ends_without_a_traceback(
    tmp_path: Path, arguments: str, redirections: str, code: int
) -> None:
    process = call(arguments, redirections, tmp_path)
    assert process.returncode == code
    assert "Traceback" not in process.stderr
    if "2>" not in redirections:
        assert process.stderr.startswith("error: ")
