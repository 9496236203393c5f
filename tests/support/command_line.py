"""Calls of `kitctl` as a user types them, in a project whose local Kaggle is the test's."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.local_kaggle import LocalKaggle

from kitctl.cli.main import main

METADATA = {
    "id": "small-job",
    "title": "Small job",
    "code_file": "train.py",
    "language": "python",
    "kernel_type": "script",
    "is_private": "true",
    "enable_gpu": "false",
    "enable_tpu": "false",
    "enable_internet": "false",
    "machine_shape": "",
    "dataset_sources": [],
    "competition_sources": [],
    "kernel_sources": [],
    "model_sources": [],
}

# A script that prints the line by which a run names its session, as `cancel` needs it.
PRINT_SESSION = "import os, time\nprint(os.environ['KAGGLE_CONTAINER_NAME'], flush=True)\n"


@dataclass(frozen=True)
class CommandCall:
    """The exit code and the output of one call of kitctl."""

    code: int
    out: str
    err: str

    @property
    def envelope(self) -> dict[str, Any]:
        """The one JSON object on stdout."""
        (line,) = self.out.splitlines()
        envelope: dict[str, Any] = json.loads(line)
        assert envelope["schema"] == "kitctl/1"
        assert envelope["ok"] == (self.code == 0)
        return envelope

    @property
    def data(self) -> Any:
        return self.envelope["data"]

    @property
    def error(self) -> Any:
        return self.envelope["error"]


Kitctl = Callable[..., CommandCall]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local_kaggle: LocalKaggle) -> Path:
    """A project with one short script; kitctl's home leads to the test's local Kaggle."""
    home, folder = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    folder.mkdir()
    (home / "local").symlink_to(local_kaggle.state, target_is_directory=True)
    monkeypatch.setenv("KITCTL_HOME", str(home))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("COLUMNS", "200")
    for name in [name for name in os.environ if name.startswith("KAGGLE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    write_script(folder, "print('hello')")
    return folder


@pytest.fixture
def midweek(project: Path, local_kaggle: LocalKaggle) -> LocalKaggle:
    """The project's local Kaggle on a Wednesday; its quota resets on Saturday."""
    local_kaggle.set_clock("2026-11-25T12:00:00Z")
    return local_kaggle


def write_script(project: Path, script: str, **metadata: object) -> None:
    """Make `script` the project's job; `metadata` replaces keys of its kernel-metadata.json."""
    (project / "train.py").write_text(script, "utf-8")
    (project / "kernel-metadata.json").write_text(json.dumps(METADATA | metadata), "utf-8")


@pytest.fixture
def kitctl(project: Path, capsys: pytest.CaptureFixture[str]) -> Kitctl:
    """Call kitctl with the given words, inside the project."""

    def call(*words: str) -> CommandCall:
        capsys.readouterr()
        code = main(list(words))
        output = capsys.readouterr()
        assert "Traceback" not in output.err
        return CommandCall(code, output.out, output.err)

    return call
