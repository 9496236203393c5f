"""Which isolation a run gets on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from kitctl.sandbox.isolation import isolate

RUN_FOLDERS = ("src", "working", "home", "packages", "kit", "stage")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "1.jpg").write_bytes(b"photo")
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (*RUN_FOLDERS, "input/photos"):
        (tmp_path / "run" / name).mkdir(parents=True)
    return tmp_path / "run"


@pytest.fixture
def without_unshare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)


@pytest.fixture
def unshare_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without_unshare: None
) -> None:
    """Put an `unshare` on the path that fails, as where user namespaces are switched off."""
    program = tmp_path / "bin" / "unshare"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr("shutil.which", lambda *_, **__: str(program))


@pytest.mark.parametrize("machine", ["without_unshare", "unshare_is_refused"])
def test_without_namespaces_a_run_gets_write_protected_copies(
    root: Path, photos: Path, machine: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(machine)
    isolation = isolate(root, {"photos": photos}, internet=False)
    assert (isolation.prefix, isolation.kaggle) == ((), str(root))
    assert isolation.cwd == str(root / "working")
    copied = root / "input/photos/1.jpg"
    assert copied.read_bytes() == b"photo"
    assert copied.stat().st_mode & 0o222 == 0
    assert isolation.description.startswith("Not isolated")
    assert "network on, though the job asks for none; inputs are copies" in isolation.description


def test_a_run_that_asks_for_the_network_has_one(root: Path) -> None:
    assert "network on, as the job asks" in isolate(root, {}, internet=True).description


def test_with_namespaces_nothing_is_copied(root: Path, photos: Path) -> None:
    isolation = isolate(root, {"photos": photos}, internet=False)
    if not isolation.prefix:
        pytest.skip("this machine allows no namespaces")
    assert isolation.kaggle == "/kaggle"
    assert not list((root / "input/photos").iterdir())
    assert isolation.description == (
        "Isolated: no network, inputs read-only, your own files hidden."
    )
