"""Packages for a run without internet that are no wheels of an index."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kitctl.errors import InvalidInput
from kitctl.operations.planning.fetch_wheels import fetch_wheels

PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
BACKEND = """
from pathlib import Path
def prepare_metadata_for_build_wheel(folder, settings=None):
    (made := Path(folder, "carried-1.0.dist-info")).mkdir()
    (made / "METADATA").write_text("Metadata-Version: 2.1\\nName: carried\\nVersion: 1.0\\n")
    return made.name
def build_wheel(folder, settings=None, metadata=None):
    raise NotImplementedError
"""


def test_a_package_in_a_repository_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (repository := tmp_path / "repository").mkdir()
    (repository / "pyproject.toml").write_text(PROJECT, "utf-8")
    (repository / "backend.py").write_text(BACKEND, "utf-8")
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "First"]):
        subprocess.run([*git, *words], check=True)
    (wheels := tmp_path / "wheels").mkdir()
    with pytest.raises(InvalidInput, match="gives no wheel"):
        fetch_wheels([f"git+{repository.as_uri()}"], wheels, for_kaggle=False)
