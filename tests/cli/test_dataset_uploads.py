"""`kitctl datasets push` over a bad network: kills, lost answers, a storage that fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from support.command_line import Kitctl
from support.datasets_on_kaggle import on_kaggle, versions
from support.local_kaggle import LocalKaggle, until
from support.photo_folders import contents, photo_folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return photo_folder(tmp_path / "my-photos")


def test_another_machine_knows_an_unchanged_folder_by_the_notes_of_its_version(
    kitctl: Kitctl, photos: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kitctl("datasets", "push", str(photos), "--local")
    (photos / "new.txt").write_text("new", "utf-8")
    kitctl("datasets", "push", str(photos), "--local")
    other = tmp_path / "other"
    other.mkdir()
    (other / "local").symlink_to((tmp_path / "home" / "local").resolve())
    monkeypatch.setenv("KITCTL_HOME", str(other))
    again = kitctl("datasets", "push", str(photos), "--local", "--json").data
    assert (again["version"], again["changed"]) == (2, False)


def test_a_file_that_cannot_be_uploaded_fails_the_version(
    kitctl: Kitctl, local_kaggle: LocalKaggle, photos: Path
) -> None:
    (photos / "labels.csv").write_text("a,b\n", "utf-8")
    local_kaggle.fault("status", "upload", status=411, count=None)
    failed = kitctl("datasets", "push", str(photos), "--local", "--json")
    assert (failed.code, failed.error["code"]) == (5, "upload_failed")
    assert local_kaggle.calls("CreateDataset") == 0
    local_kaggle.clear_faults()
    assert kitctl("datasets", "push", str(photos), "--local").code == 0
    del (expected := contents(photos))["dataset-metadata.json"]
    assert on_kaggle(local_kaggle) == expected


def test_a_busy_storage_and_an_expired_upload_are_overcome(
    kitctl: Kitctl, local_kaggle: LocalKaggle, photos: Path
) -> None:
    local_kaggle.fault("status", "upload", status=503, count=2)
    local_kaggle.fault("status", "upload", status=410, count=1)
    assert kitctl("datasets", "push", str(photos), "--local").code == 0
    del (expected := contents(photos))["dataset-metadata.json"]
    assert on_kaggle(local_kaggle) == expected


@pytest.mark.parametrize("taken", ["", "bytes=0-99999999", "bytes=0-9", "nonsense"])
def test_a_storage_that_never_has_the_file_fails_the_version(
    kitctl: Kitctl,
    local_kaggle: LocalKaggle,
    tmp_path: Path,
    taken: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kitctl.adapters.kaggle.uploads.time.sleep", lambda _: None)
    folder = tmp_path / "one-file"
    folder.mkdir()
    (folder / "a.txt").write_bytes(bytes(10))
    local_kaggle.answer("upload", "", 308, {"Range": taken} if taken else {}, count=None)
    failed = kitctl("datasets", "push", str(folder), "--local", "--json")
    assert (failed.code, failed.error["code"]) in [(5, "upload_failed"), (5, "upload_expired")]
    assert local_kaggle.calls("CreateDataset") == 0


def test_a_push_that_was_killed_goes_on_with_what_is_uploaded(
    kitctl: Kitctl, local_kaggle: LocalKaggle, tmp_path: Path, project: Path
) -> None:
    folder = tmp_path / "big-files"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.bin").write_bytes(os.urandom(200_000))
    local_kaggle.fault("latency", "upload", seconds=0.2, count=None)
    words = [sys.executable, "-m", "kitctl", "datasets", "push", str(folder), "--local", "-q"]
    killed = subprocess.Popen([*words, "--jobs", "2"], stderr=subprocess.DEVNULL)
    until(lambda: local_kaggle.calls("upload") >= 4)
    killed.kill()
    killed.wait()
    local_kaggle.clear_faults()
    assert kitctl("datasets", "push", str(folder), "--local").code == 0
    # Some were announced before the kill, and none of those again.
    assert local_kaggle.calls("StartBlobUpload") < 6
    del (expected := contents(folder))["dataset-metadata.json"]
    assert on_kaggle(local_kaggle, "big-files") == expected


def test_a_lost_answer_makes_no_second_version(
    kitctl: Kitctl, local_kaggle: LocalKaggle, photos: Path
) -> None:
    kitctl("datasets", "push", str(photos), "--local")
    (photos / "new.txt").write_text("new", "utf-8")
    local_kaggle.answer("CreateDatasetVersion", "", 502, after_effect=True)
    pushed = kitctl("datasets", "push", str(photos), "--local", "--json").data
    assert (pushed["version"], pushed["changed"]) == (2, True)
    assert kitctl("datasets", "push", str(photos), "--local", "--json").data["changed"] is False
    assert versions(local_kaggle) == 2


def test_push_waits_until_kaggle_has_processed_it_unless_told_otherwise(
    kitctl: Kitctl, local_kaggle: LocalKaggle, photos: Path
) -> None:
    local_kaggle.settings(dataset_seconds=1)
    started = time.monotonic()
    words = ("datasets", "push", str(photos), "--local", "--json")
    assert kitctl(*words, "--no-wait").data["status"] == "PROCESSING"
    assert kitctl(*words).data["status"] == "READY"
    assert time.monotonic() - started > 1
    state = kitctl("datasets", "status", "my-photos", "--local", "--json").data
    assert (state["dataset"], state["status"]) == ("local/my-photos", "READY")


def test_a_version_that_kaggle_cannot_process_is_a_failure_and_is_made_again(
    kitctl: Kitctl, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "photos.zip").write_bytes(b"no archive at all")
    failed = kitctl("datasets", "push", str(folder), "--local", "--json")
    assert (failed.code, failed.error["code"]) == (5, "dataset_failed")
    assert kitctl("datasets", "status", "archive", "--local", "--json").code == 5
    with zipfile.ZipFile(folder / "photos.zip", "w") as archive:
        archive.writestr("a.txt", "alpha")
    pushed = kitctl("datasets", "push", str(folder), "--local", "--json").data
    assert (pushed["version"], len(pushed["warnings"])) == (2, 1)
    assert on_kaggle(local_kaggle, "archive") == {"photos/a.txt": b"alpha"}


def test_ctrl_c_says_that_the_upload_goes_on(
    local_kaggle: LocalKaggle, project: Path, photos: Path
) -> None:
    local_kaggle.fault("latency", "upload", seconds=0.5, count=None)
    words = [sys.executable, "-m", "kitctl", "datasets", "push", str(photos), "--local"]
    push = subprocess.Popen(words, stderr=subprocess.PIPE, encoding="utf-8")
    until(lambda: local_kaggle.calls("upload") > 0)
    push.send_signal(signal.SIGINT)
    _, err = push.communicate(timeout=20)
    assert push.returncode == 130
    assert "the same command goes on" in err and "Traceback" not in err


def test_what_kaggle_may_refuse_is_said_before_the_upload(
    kitctl: Kitctl, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    folder = tmp_path / "many-files"
    folder.mkdir()
    for number in range(51):
        (folder / f"{number}.txt").write_text(str(number), "utf-8")
    checked = kitctl("datasets", "check", str(folder), "--json").data["problems"]
    assert "limit" in [problem["kind"] for problem in checked]
    pushed = kitctl("datasets", "push", str(folder), "--local")
    assert pushed.code == 0
    assert "51 files lie at the top of the folder" in pushed.err
    (folder / "51.txt").write_text("51", "utf-8")
    local_kaggle.settings(dataset_files=51)
    refused = kitctl("datasets", "push", str(folder), "--local", "--json")
    assert (refused.code, refused.error["code"]) == (4, "dataset_refused")
    assert "The file count exceeds the maximum of 51" in refused.error["message"]
    local_kaggle.settings(dataset_files=1000, dataset_bytes=10)
    refused = kitctl("datasets", "push", str(folder), "--local", "--json")
    assert "it exceeds the maximum of 10" in refused.error["message"]
    assert versions(local_kaggle, "many-files") == 1


def test_a_storage_that_acknowledges_too_early_is_found_out_by_the_next_push(
    kitctl: Kitctl, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    folder = tmp_path / "one-file"
    folder.mkdir()
    (folder / "a.bin").write_bytes(os.urandom(100_000))
    local_kaggle.answer("upload", "", 200)
    assert kitctl("datasets", "push", str(folder), "--local").code == 4
    assert kitctl("datasets", "push", str(folder), "--local").code == 0
    assert on_kaggle(local_kaggle, "one-file") == {"a.bin": (folder / "a.bin").read_bytes()}
