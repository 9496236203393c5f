"""`kitctl datasets pull` into folders in use, by two at once, of versions that cannot be read."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.command_line import Kitctl
from support.local_kaggle import LocalKaggle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small-set").mkdir()
    (tmp_path / "small-set" / "note.txt").write_text("first", "utf-8")
    return tmp_path / "small-set"


@pytest.fixture
def pulled(kitctl: Kitctl, folder: Path) -> Path:
    kitctl("datasets", "push", str(folder), "--local")
    return folder.parent / "pulled"


def pull(kitctl: Kitctl, out: Path | str) -> tuple[int, str]:
    call = kitctl("datasets", "pull", "small-set", "--local", "--out", str(out), "--json")
    return call.code, call.error["code"] if call.code else ""


@pytest.mark.parametrize("text", ["Second", ""])
def test_a_pulled_folder_in_which_a_file_was_changed_is_not_called_complete(
    kitctl: Kitctl, pulled: Path, text: str
) -> None:
    assert pull(kitctl, pulled) == (0, "")
    assert pull(kitctl, pulled) == (0, "")
    (pulled / "note.txt").write_text(text, "utf-8")
    assert pull(kitctl, pulled) == (3, "folder_in_use")
    (pulled / "note.txt").unlink()
    assert pull(kitctl, pulled) == (3, "folder_in_use")


def test_a_pull_does_not_replace_the_folder_that_one_is_in(
    kitctl: Kitctl, pulled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled.mkdir()
    monkeypatch.chdir(pulled)
    for out in (".", "..", "/"):
        assert pull(kitctl, out) == (2, "usage")
    assert pull(kitctl, "inside") == (0, "")
    assert (pulled / "inside" / "note.txt").is_file()


def test_a_pull_follows_a_link_to_a_folder_and_refuses_what_can_be_none(
    kitctl: Kitctl, pulled: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to("other")
    assert pull(kitctl, tmp_path / "link") == (0, "")
    assert (tmp_path / "other" / "note.txt").is_file()
    (tmp_path / "file").write_text("x", "utf-8")
    assert pull(kitctl, tmp_path / "file") == (3, "folder_in_use")
    assert pull(kitctl, tmp_path / "file" / "below") == (3, "folder_in_use")
    (tmp_path / "circle").symlink_to("circle")
    assert pull(kitctl, tmp_path / "circle") == (2, "usage")


def test_two_pulls_into_one_folder_bring_it_once(
    kitctl: Kitctl, local_kaggle: LocalKaggle, pulled: Path
) -> None:
    local_kaggle.fault("latency", "download", seconds=1.5, count=None)
    words = ("datasets", "pull", "small-set", "--local", "--out", str(pulled))
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "kitctl", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sum("already here" in output for output in outputs) == 1
    assert not list(pulled.parent.glob(".pulled*"))


def test_a_folder_pulled_from_elsewhere_is_not_called_the_same(
    kitctl: Kitctl, pulled: Path
) -> None:
    assert pull(kitctl, pulled) == (0, "")
    record = pulled / ".kitctl" / "dataset.json"
    record.write_text(record.read_text("utf-8").replace('"local"', '"kaggle"', 1), "utf-8")
    assert pull(kitctl, pulled) == (3, "folder_in_use")


def test_a_version_that_kaggle_could_not_process_is_not_pulled_as_an_empty_folder(
    kitctl: Kitctl, folder: Path
) -> None:
    (folder / "broken.zip").write_bytes(b"PK\3\4garbage")
    assert kitctl("datasets", "push", str(folder), "--local").code == 5
    assert pull(kitctl, folder.parent / "pulled") == (5, "dataset_failed")
    assert not (folder.parent / "pulled").exists()


def test_there_is_no_version_0(kitctl: Kitctl, pulled: Path) -> None:
    words = ("datasets", "pull", "local/small-set/0", "--local", "--out", str(pulled))
    assert kitctl(*words).code == 2


def test_a_refused_data_set_leaves_nothing(kitctl: Kitctl, folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("dot./a.txt", "x")
    assert kitctl("datasets", "push", str(folder), "--local").code == 0
    assert pull(kitctl, folder.parent / "pulled") == (3, "odd_files")
    assert not list(folder.parent.glob(".pulled*"))
