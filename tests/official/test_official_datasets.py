"""`kaggle datasets …` against the local Kaggle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.local_kaggle import LocalKaggle
from support.official_client import OfficialClient


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
    kaggle: OfficialClient, folder: Path, tmp_path: Path
) -> None:
    created = kaggle("datasets", "create", "-p", str(folder), "--dir-mode", "zip").stdout
    assert "Your private Dataset is being created" in created
    assert kaggle("datasets", "status", "local/some-photos").stdout == "ready"

    (folder / "labels.csv").write_text("id,label\n1,truck\n", encoding="utf-8")
    again = kaggle("datasets", "version", "-p", str(folder), "-m", "Better labels", "-r", "tar")
    assert "Dataset version is being created" in again.stdout
    form = "json(status,current_version_number)"
    status = kaggle("datasets", "status", "local/some-photos", "--format", form)
    assert json.loads(status.stdout) == {"status": "ready", "current_version_number": 2}

    listed = kaggle("datasets", "files", "local/some-photos", "--csv").stdout
    assert "labels.csv,17" in listed and "train/car/1.txt,5" in listed
    assert "local/some-photos" in kaggle("datasets", "list", "-m").stdout

    downloads = tmp_path / "downloads"
    kaggle("datasets", "download", "local/some-photos", "-p", str(downloads), "--unzip")
    assert (downloads / "labels.csv").read_text("utf-8") == "id,label\n1,truck\n"
    assert (downloads / "train" / "car" / "1.txt").read_text("utf-8") == "a car"
    one = kaggle("datasets", "download", "local/some-photos", "-f", "labels.csv", "-o")
    assert "License(s): CC0-1.0" in one.stdout
    assert (tmp_path / "labels.csv").read_text("utf-8") == "id,label\n1,truck\n"

    kaggle("datasets", "metadata", "local/some-photos", "-p", str(downloads))
    metadata = json.loads((downloads / "dataset-metadata.json").read_text("utf-8"))["info"]
    assert (metadata["title"], metadata["licenses"]) == ("Some photos", [{"name": "CC0-1.0"}])


def test_a_dataset_name_that_is_in_use_is_refused(kaggle: OfficialClient, folder: Path) -> None:
    kaggle("datasets", "create", "-p", str(folder))
    again = kaggle("datasets", "create", "-p", str(folder))
    assert "already in use" in again.stdout


def test_an_upload_that_broke_off_is_resumed(
    kaggle: OfficialClient, local_kaggle: LocalKaggle, folder: Path, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 4000
    (folder / "big.bin").write_bytes(content)
    local_kaggle.fault("status", "upload", status=503)
    kaggle("datasets", "create", "-p", str(folder))
    assert local_kaggle.calls("upload") > 2
    kaggle("datasets", "download", "local/some-photos", "-f", "big.bin")
    assert (tmp_path / "big.bin").read_bytes() == content


def test_a_run_can_read_an_uploaded_dataset(
    kaggle: OfficialClient, local_kaggle: LocalKaggle, folder: Path
) -> None:
    kaggle("datasets", "create", "-p", str(folder), "--dir-mode", "zip")
    script = """
import pathlib
for place in ("../input/datasets/local/some-photos", "../input/some-photos"):
    print(pathlib.Path(place, "train/car/1.txt").read_text())
"""
    local_kaggle.push("reader", script, datasetDataSources=["local/some-photos"])
    assert local_kaggle.wait("reader") == "COMPLETE"
    assert [line["data"] for line in local_kaggle.log("reader")] == ["a car\n", "a car\n"]


def test_datasets_are_listed_by_filters(kaggle: OfficialClient, folder: Path) -> None:
    kaggle("datasets", "create", "-p", str(folder))

    def is_listed(*filters: str) -> bool:
        return "local/some-photos" in kaggle("datasets", "list", "-m", *filters).stdout

    assert is_listed("--license", "cc", "--file-type", "csv", "--max-size", "1000")
    assert not is_listed("--license", "gpl")
    assert not is_listed("--max-size", "3")
    assert not is_listed("--tags", "no-such-tag")


def test_an_empty_file_is_uploaded(kaggle: OfficialClient, folder: Path, tmp_path: Path) -> None:
    (folder / "empty.txt").touch()
    kaggle("datasets", "create", "-p", str(folder))
    kaggle("datasets", "download", "local/some-photos", "-f", "empty.txt")
    assert (tmp_path / "empty.txt").read_bytes() == b""
