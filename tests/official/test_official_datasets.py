"""`kaggle datasets …` against the local Kaggle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.local_kaggle import LocalKaggle
from support.official_session import OfficialSession


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "train" / "car").mkdir(parents=True)
    (folder / "train" / "car" / "1.txt").write_text("a car", encoding="utf-8")
    (folder / "labels.csv").write_text("id,label\n1,car\n", encoding="utf-8")
    metadata = {
        "id": "local/some-photos",
        "title": "Some photos",
        "licenses": [{"name": "CC0-1.0"}],
    }
    (folder / "dataset-metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    return folder


def test_a_dataset_is_created_versioned_listed_and_downloaded(
    official: OfficialSession, folder: Path, tmp_path: Path
) -> None:
    created = official("datasets", "create", "-p", str(folder), "--dir-mode", "zip")
    assert "Your private Dataset is being created" in created
    assert official("datasets", "status", "local/some-photos") == "ready"

    (folder / "labels.csv").write_text("id,label\n1,truck\n", encoding="utf-8")
    again = official("datasets", "version", "-p", str(folder), "-m", "Better labels", "-r", "tar")
    assert "Dataset version is being created" in again
    form = "json(status,current_version_number)"
    status = official("datasets", "status", "local/some-photos", "--format", form)
    assert json.loads(status) == {"status": "ready", "current_version_number": 2}

    listed = official("datasets", "files", "local/some-photos", "--csv")
    assert "labels.csv,17" in listed and "train/car/1.txt,5" in listed
    assert "local/some-photos" in official("datasets", "list", "-m")

    downloads = tmp_path / "downloads"
    official("datasets", "download", "local/some-photos", "-p", str(downloads), "--unzip")
    assert (downloads / "labels.csv").read_text("utf-8") == "id,label\n1,truck\n"
    assert (downloads / "train" / "car" / "1.txt").read_text("utf-8") == "a car"
    one = official("datasets", "download", "local/some-photos", "-f", "labels.csv", "-o")
    assert "License(s): CC0-1.0" in one
    assert (tmp_path / "labels.csv").read_text("utf-8") == "id,label\n1,truck\n"

    official("datasets", "metadata", "local/some-photos", "-p", str(downloads))
    metadata = json.loads((downloads / "dataset-metadata.json").read_text("utf-8"))["info"]
    assert (metadata["title"], metadata["licenses"]) == ("Some photos", [{"name": "CC0-1.0"}])


def test_a_dataset_name_that_is_in_use_is_refused(official: OfficialSession, folder: Path) -> None:
    official("datasets", "create", "-p", str(folder))
    again = official("datasets", "create", "-p", str(folder))
    assert "already in use" in again


def test_an_upload_that_broke_off_is_resumed(
    official: OfficialSession, local_kaggle: LocalKaggle, folder: Path, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 4000
    (folder / "big.bin").write_bytes(content)
    local_kaggle.fault("status", "upload", status=503)
    official("datasets", "create", "-p", str(folder))
    assert local_kaggle.calls("upload") > 2
    official("datasets", "download", "local/some-photos", "-f", "big.bin")
    assert (tmp_path / "big.bin").read_bytes() == content


def test_a_run_can_read_an_uploaded_dataset(
    official: OfficialSession, local_kaggle: LocalKaggle, folder: Path
) -> None:
    official("datasets", "create", "-p", str(folder), "--dir-mode", "zip")
    script = """
import pathlib
for place in ("../input/datasets/local/some-photos", "../input/some-photos"):
    print(pathlib.Path(place, "train/car/1.txt").read_text())
"""
    local_kaggle.push("reader", script, datasetDataSources=["local/some-photos"])
    assert local_kaggle.wait("reader") == "COMPLETE"
    assert [line["data"] for line in local_kaggle.log("reader")] == ["a car\n", "a car\n"]


def test_datasets_are_listed_by_filters(official: OfficialSession, folder: Path) -> None:
    official("datasets", "create", "-p", str(folder))

    def is_listed(*filters: str) -> bool:
        return "local/some-photos" in official("datasets", "list", "-m", *filters)

    assert is_listed("--license", "cc", "--file-type", "csv", "--max-size", "1000")
    assert not is_listed("--license", "gpl")
    assert not is_listed("--max-size", "3")
    assert not is_listed("--tags", "no-such-tag")


def test_an_empty_file_is_uploaded(official: OfficialSession, folder: Path, tmp_path: Path) -> None:
    (folder / "empty.txt").touch()
    official("datasets", "create", "-p", str(folder))
    official("datasets", "download", "local/some-photos", "-f", "empty.txt")
    assert (tmp_path / "empty.txt").read_bytes() == b""
