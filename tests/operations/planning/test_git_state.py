"""The git commit of a job's files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.projects import write_files

from kitctl.operations.planning.git_state import read_git_state


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write_files(tmp_path, {"train.py": "print(1)\n", "notes.txt": "a"})
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "First"]):
        subprocess.run([*git, *words], check=True)
    return tmp_path


def test_only_the_files_that_are_sent_make_a_commit_dirty(repository: Path) -> None:
    write_files(repository, {"notes.txt": "changed", "new.txt": "x"})
    state = read_git_state(repository, ["train.py"])
    assert state and state.dirty is False and len(state.commit) == 40
    assert state.label == state.commit[:7]
    (repository / "train.py").write_bytes(b"print(1)\r\n")
    assert (read_git_state(repository, ["train.py"]) or state).dirty is False
    for changed in (["train.py", "new.txt"], ["absent.py"]):
        assert (read_git_state(repository, changed) or state).dirty is True


def test_without_git_the_commit_is_read_from_its_files(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = read_git_state(repository, ["train.py"])
    monkeypatch.setenv("PATH", "/nowhere")
    state = read_git_state(repository, ["train.py"])
    assert known and state and (state.commit, state.dirty) == (known.commit, None)


def test_no_program_of_a_repositorys_settings_is_started(repository: Path) -> None:
    (repository / "evil.sh").write_text(f"#!/bin/sh\ntouch {repository}/started\ncat\n")
    (repository / "evil.sh").chmod(0o755)
    for name in ("core.fsmonitor", "filter.evil.clean", "core.pager", "core.sshCommand"):
        subprocess.run(
            ["git", "-C", str(repository), "config", name, str(repository / "evil.sh")], check=True
        )
    write_files(repository, {".gitattributes": "* filter=evil\n", "train.py": "print(2)\n"})
    state = read_git_state(repository, ["train.py"])
    assert state and state.dirty is True
    assert not (repository / "started").exists()


def test_outside_a_repository_there_is_no_commit(tmp_path: Path) -> None:
    assert read_git_state(tmp_path, []) is None
