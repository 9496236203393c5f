"""`kitctl datasets …`, through the local Kaggle."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from pathlib import Path

import pytest
from support.command_line import Kitctl
from support.datasets_on_kaggle import in_a_run, on_kaggle
from support.local_kaggle import LocalKaggle
from support.photo_folders import contents, photo, photo_folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return photo_folder(tmp_path / "my-photos")


def test_a_run_finds_the_folder_as_it_is_here(
    kitctl: Kitctl, local_kaggle: LocalKaggle, photos: Path
) -> None:
    (photos / "labels.csv").write_text("a,b\n", "utf-8")
    (photos / "docs" / "deep").mkdir(parents=True)
    (photos / "docs" / "deep" / "ä note.txt").write_text("x", "utf-8")
    (photos / "docs" / "empty.txt").touch()
    expected = contents(photos)
    pushed = kitctl("datasets", "push", str(photos), "--local", "--json").data
    assert (pushed["dataset"], pushed["version"], pushed["changed"]) == (
        *("local/my-photos", 1),
        True,
    )
    assert (pushed["status"], pushed["files"]) == ("READY", len(expected))
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in expected.items()}
    assert in_a_run(local_kaggle) == hashes
    # The training photos went as one archive.
    assert local_kaggle.calls("StartBlobUpload") < 10


def test_only_a_changed_folder_makes_a_version(
    kitctl: Kitctl, local_kaggle: LocalKaggle, photos: Path
) -> None:
    kitctl("datasets", "push", str(photos), "--local")
    os.utime(photos / "train" / "car" / "0.jpg")
    again = kitctl("datasets", "push", str(photos), "--local", "--json").data
    assert (again["version"], again["changed"], again["uploaded_bytes"]) == (1, False, 0)
    (photos / "train" / "car" / "0.jpg").write_bytes(photo(4000))
    changed = kitctl("datasets", "push", str(photos), "--local", "--json").data
    assert (changed["version"], changed["changed"]) == (2, True)
    del (expected := contents(photos))["dataset-metadata.json"]
    assert on_kaggle(local_kaggle) == expected


def test_the_metadata_file_is_made_as_the_official_client_has_it(
    kitctl: Kitctl, photos: Path
) -> None:
    kitctl("datasets", "push", str(photos), "--local", "--title", "Cars and trucks")
    metadata = json.loads((photos / "dataset-metadata.json").read_text("utf-8"))
    assert metadata == {
        "title": "Cars and trucks",
        "id": "local/cars-and-trucks",
        "licenses": [{"name": "unknown"}],
    }
    listed = kitctl("datasets", "list", "--local", "--json").data["datasets"]
    assert [(one["dataset"], one["title"], one["is_private"]) for one in listed] == [
        ("local/cars-and-trucks", "Cars and trucks", True)
    ]


def test_a_public_data_set_needs_a_licence(
    kitctl: Kitctl, local_kaggle: LocalKaggle, photos: Path
) -> None:
    refused = kitctl("datasets", "push", str(photos), "--public", "--local", "--json")
    assert (refused.code, refused.error["code"]) == (2, "license_missing")
    assert local_kaggle.calls("StartBlobUpload") == 0
    words = ("datasets", "push", str(photos), "--public", "--license", "CC0-1.0", "--local")
    assert kitctl(*words).code == 0
    (one,) = kitctl("datasets", "list", "--local", "--json").data["datasets"]
    assert one["is_private"] is False


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env", "A=1"),
        ("config/kaggle.json", "{}"),
        ("keys/id_rsa", "x"),
        (".aws/credentials", "x"),
        ("deep/down/.CONFIG/gcloud/application_default_credentials.json", "{}"),
        ("deep/.docker/config.json", "{}"),
        ("deep/id_rsa.bak", "-----BEGIN OPENSSH PRIVATE KEY-----\nx"),
        ("README", "ghp_" + "A" * 36),
        ("labels.csv", "id,note\n1,hf_" + "a" * 34),
        ("notes.ipynb", json.dumps({"cells": [{"outputs": [{"text": "KGAT_" + "a" * 32}]}]})),
    ],
)
def test_files_with_secrets_are_refused_by_name(
    kitctl: Kitctl, local_kaggle: LocalKaggle, photos: Path, name: str, text: str
) -> None:
    (photos / name).parent.mkdir(parents=True, exist_ok=True)
    (photos / name).write_text(text, "utf-8")
    refused = kitctl("datasets", "push", str(photos), "--local", "--json")
    assert (refused.code, refused.error["code"]) == (4, "secrets")
    assert [problem["where"] for problem in refused.error["problems"]] == [name]
    assert "KGAT_a" not in refused.out
    assert local_kaggle.calls("StartBlobUpload") == 0
    assert kitctl("datasets", "push", str(photos), "--exclude", name, "--local").code == 0
    assert name not in on_kaggle(local_kaggle)


def test_an_archive_with_secrets_is_refused_by_the_name_inside(
    kitctl: Kitctl, local_kaggle: LocalKaggle, photos: Path
) -> None:
    with zipfile.ZipFile(photos / "more.zip", "w") as archive:
        archive.writestr("project/.env", "A=1")
    refused = kitctl("datasets", "push", str(photos), "--local", "--json")
    (problem,) = refused.error["problems"]
    assert (refused.error["code"], problem["where"]) == ("secrets", "more.zip")
    assert "project/.env" in problem["message"]
    assert local_kaggle.calls("StartBlobUpload") == 0


def test_a_link_that_leads_out_of_the_folder_is_refused(
    kitctl: Kitctl, photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "private.txt").write_text("mine", "utf-8")
    (photos / "note.txt").symlink_to(tmp_path / "private.txt")
    refused = kitctl("datasets", "push", str(photos), "--local", "--json")
    assert (refused.code, refused.error["code"]) == (3, "odd_files")


def test_pull_brings_the_same_bytes_once(kitctl: Kitctl, photos: Path, tmp_path: Path) -> None:
    kitctl("datasets", "push", str(photos), "--local")
    out = tmp_path / "pulled"
    words = ("datasets", "pull", "my-photos", "--out", str(out), "--local", "--json")
    pulled = kitctl(*words).data
    assert (pulled["version"], pulled["fetched"]) == (1, True)
    files = contents(out)
    del files[".kitctl/dataset.json"]
    del (expected := contents(photos))["dataset-metadata.json"]
    assert files == expected
    assert kitctl(*words).data["fetched"] is False
    (photos / "new.txt").write_text("new", "utf-8")
    kitctl("datasets", "push", str(photos), "--local")
    assert kitctl(*words).error["code"] == "folder_in_use"
    assert {path.name for path in tmp_path.iterdir()} >= {"pulled"}
    assert not list(tmp_path.glob(".pulled*"))


def test_pull_of_the_newest_version_never_takes_an_earlier_one_for_it(
    kitctl: Kitctl, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    folder = tmp_path / "small-set"
    folder.mkdir()
    (folder / "note.txt").write_text("first", "utf-8")
    kitctl("datasets", "push", str(folder), "--local")
    words = ("datasets", "pull", "small-set", "--out", str(tmp_path / "pulled"), "--local")
    # The archive came whole, but what it holds could not be checked.
    local_kaggle.fault("status", "ListDatasetFiles", status=403)
    assert kitctl(*words).code != 0
    (folder / "note.txt").write_text("second", "utf-8")
    (folder / "Note.txt").write_text("third", "utf-8")
    kitctl("datasets", "push", str(folder), "--local")
    assert kitctl(*words, "--json").data["version"] == 2
    assert (tmp_path / "pulled" / "note.txt").read_text("utf-8") == "second"
    assert (tmp_path / "pulled" / "Note.txt").read_text("utf-8") == "third"
    assert not list(tmp_path.glob(".pulled*"))


def test_check_says_what_a_training_run_would(kitctl: Kitctl, photos: Path) -> None:
    assert kitctl("datasets", "check", str(photos), "--json").data["problems"] == []
    (photos / "train" / "car" / "cut.jpg").write_bytes(photo(3)[:300])
    (photos / "train" / "car" / "page.png").write_text("<html>", "utf-8")
    (photos / "train" / "car" / "web.jpg").write_bytes(photo(9, "WEBP"))
    (photos / "train" / "car" / "scan.tif").write_bytes(photo(10, "TIFF"))
    (photos / "train" / "car" / "icon.jpg").write_bytes(photo(11, "ICO"))
    (photos / "train" / "__MACOSX").mkdir()
    (photos / "train" / "__MACOSX" / "0.jpg").write_bytes(photo(12))
    (photos / "valid" / "car" / "same.jpg").write_bytes(
        (photos / "train" / "car" / "1.jpg").read_bytes()
    )
    (photos / "train" / "notes.docx").write_text("x", "utf-8")
    checked = kitctl("datasets", "check", str(photos), "--json").data
    assert checked["classes"]["valid"] == {"car": 3, "truck": 2}
    assert checked["classes"]["train"].keys() == {"car", "truck"}
    assert sorted((each["kind"], each["path"]) for each in checked["problems"]) == [
        ("double_in_splits", "train/car/1.jpg"),
        ("no_photo", "train/__MACOSX/0.jpg"),
        ("no_photo", "train/notes.docx"),
        ("unreadable", "train/car/cut.jpg"),
        ("unreadable", "train/car/icon.jpg"),
        ("unreadable", "train/car/page.png"),
    ]


def test_check_exits_with_3_where_a_run_or_a_push_would_refuse_the_folder(
    kitctl: Kitctl, photos: Path
) -> None:
    (photos / ".env").write_text("A=1", "utf-8")
    (photos / "valid" / "van").mkdir()
    (photos / "valid" / "van" / "1.jpg").write_bytes(photo(77))
    checked = kitctl("datasets", "check", str(photos), "--json")
    assert checked.code == 3
    errors = [each for each in checked.data["problems"] if each["severity"] == "error"]
    assert {each["kind"] for each in errors} == {"secrets", "different_classes"}


def test_a_name_with_a_line_break_is_shown_in_one_line_and_said_once(
    kitctl: Kitctl, photos: Path
) -> None:
    (photos / "train" / "car" / "a\nb.jpg").write_bytes(photo(7))
    checked = kitctl("datasets", "check", str(photos))
    assert checked.code == 3
    lines = [line for line in checked.out.splitlines() if line.startswith(("error", "warning"))]
    assert lines == ["error      'train/car/a\\nb.jpg' holds control characters."]
    assert f"kitctl datasets check {photos}" in checked.err
