"""`kitctl package`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.command_line import Kitctl
from support.projects import packed_job


def test_package_writes_the_script_and_the_metadata(kitctl: Kitctl, project: Path) -> None:
    packed_job(project)
    packaged = kitctl("package", "--json").data
    folder = Path(packaged["out"])
    assert folder == project / "package"
    assert {path.name for path in folder.iterdir()} == {"script.py", "kernel-metadata.json"}
    assert packaged["script_bytes"] == (folder / "script.py").stat().st_size


def test_package_twice_gives_the_same_bytes(kitctl: Kitctl, project: Path) -> None:
    packed_job(project)
    kitctl("package", "--out", "first")
    shutil.copytree(project / "job", project / "kept")
    kitctl("package", "--out", "second")
    for name in ("script.py", "kernel-metadata.json"):
        first, second = project / "first" / name, project / "second" / name
        assert first.read_bytes() == second.read_bytes()


def test_package_applies_the_settings_of_set(kitctl: Kitctl, project: Path) -> None:
    packed_job(project)
    plain = kitctl("package", "--json").data["script_sha256"]
    assert kitctl("package", "--set", "epochs=3", "--json").data["script_sha256"] != plain


def test_package_names_the_official_command_and_push(kitctl: Kitctl, project: Path) -> None:
    packed_job(project)
    hint = kitctl("package", "--project", str(project)).err.splitlines()[-1]
    assert hint == (
        f"next: kaggle kernels push -p {project / 'package'}"
        f"   (or: kitctl push --project {project})"
    )


def test_package_without_a_project_names_the_project_option(
    kitctl: Kitctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "home")
    call = kitctl("package", "--json")
    assert (call.code, call.error["code"]) == (3, "no_project")
    assert "--project" in call.error["hint"]
