"""The Makefile says what a Python is good for, and replaces an environment of another version."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.source_files import PROJECT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")

# A Python that claims to be of a version: it makes virtual environments of itself, and its pip does
# nothing.
PYTHON = """#!/bin/sh
if [ "$1" = -c ]; then
    exec {real} -c "import sys; sys.version_info = ({version}, 0, 'final', 0)
$2"
fi
if [ "$2" = venv ]; then
    for folder; do :; done
    [ "$3" = --clear ] && rm -rf "$folder"
    mkdir -p "$folder/bin" && cp "$0" "$folder/bin/python"
fi
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(PROJECT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").write_text("")
    for minor in range(10, 15):
        python = tmp_path / f"python3.{minor}"
        python.write_text(PYTHON.format(real=sys.executable, version=f"3, {minor}"))
        python.chmod(0o755)
    return tmp_path


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHON"}
    return subprocess.run(
        ["make", *words, ".venv/.ready"],
        cwd=folder,
        env={**environment, "PATH": f"{folder}:{environment['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("minor", "sentence", "made"),
    [
        (10, "Python 3.10 is too old", False),
        (12, "Python 3.12: all of kitctl is tested with it", True),
        (13, "Python 3.13: kitctl and TensorFlow run on it", True),
        (14, "Python 3.14 has no TensorFlow yet", False),
    ],
)
def test_what_a_python_is_good_for_is_said_before_an_environment_is_made(
    minor: int, sentence: str, made: bool, folder: Path
) -> None:
    output = make(folder, f"PYTHON=python3.{minor}")
    assert sentence in output.stdout + output.stderr
    assert (folder / ".venv").exists() is made


def test_an_environment_of_another_version_is_replaced_where_one_is_named(folder: Path) -> None:
    make(folder, "PYTHON=python3.12")
    (folder / ".venv/old").touch()
    make(folder, "PYTHON=python3.12")
    assert (folder / ".venv/old").exists()
    assert "up to date" in make(folder).stdout  # The default Python is of another version.
    make(folder, "PYTHON=python3.13")
    assert not (folder / ".venv/old").exists()
    assert "3, 13" in (folder / ".venv/bin/python").read_text()


def test_an_environment_that_does_not_start_is_replaced(folder: Path) -> None:
    make(folder, "PYTHON=python3.12")
    (folder / ".venv/bin/python").unlink()
    make(folder, "PYTHON=python3.12")
    assert (folder / ".venv/bin/python").exists()
