"""Data sets over HTTP: uploaded ones, and folders that stand for Kaggle's."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from support.local_kaggle import AnsweredError, LocalKaggle
from support.uploads import start_upload, upload

DATASETS = "datasets.DatasetApiService"
WHERE = {"ownerSlug": "local", "datasetSlug": "some-photos"}


def create(server: LocalKaggle, tokens: list[str]) -> Any:
    return server.call(
        f"{DATASETS}/CreateDataset",
        ownerSlug="local",
        slug="some-photos",
        title="Some photos",
        licenseName="CC0-1.0",
        isPrivate=True,
        files=[{"token": token} for token in tokens],
    )


def status(server: LocalKaggle) -> str:
    return str(server.call(f"{DATASETS}/GetDatasetStatus", **WHERE)["status"])


def file_names(server: LocalKaggle, **fields: Any) -> list[str]:
    page = server.call(f"{DATASETS}/ListDatasetFiles", **{**WHERE, **fields})
    return [file["name"] for file in page["datasetFiles"]]


def test_a_created_dataset_has_an_address_and_its_details(local_kaggle: LocalKaggle) -> None:
    created = create(local_kaggle, [upload(local_kaggle, "a.txt", b"123")])
    assert (created["ref"], created["status"]) == ("/local/some-photos", "ok")
    details = local_kaggle.call(f"{DATASETS}/GetDataset", **WHERE)
    assert (details["title"], details["licenseName"]) == ("Some photos", "CC0-1.0")
    assert (details["totalBytes"], details["currentVersionNumber"]) == (3, 1)
    assert file_names(local_kaggle) == ["a.txt"]


def test_an_incomplete_upload_makes_no_dataset(local_kaggle: LocalKaggle) -> None:
    token = start_upload(local_kaggle, "ten.txt", 10)["token"]
    with pytest.raises(AnsweredError, match="not complete"):
        create(local_kaggle, [token])
    with pytest.raises(AnsweredError):
        status(local_kaggle)


@pytest.mark.parametrize("fields", [{"contentLength": 1}, {"name": "a", "contentLength": -1}])
def test_an_upload_without_name_or_size_is_a_bad_request(
    local_kaggle: LocalKaggle, fields: dict[str, Any]
) -> None:
    with pytest.raises(AnsweredError) as answered:
        local_kaggle.call("blobs.BlobApiService/StartBlobUpload", type="DATASET", **fields)
    assert answered.value.status == 400


def test_a_push_cannot_use_a_dataset_before_it_is_ready(local_kaggle: LocalKaggle) -> None:
    local_kaggle.settings(dataset_seconds=60)
    create(local_kaggle, [upload(local_kaggle, "a.txt", b"x")])
    assert status(local_kaggle) == "BLOBS_RECEIVED"
    refused = local_kaggle.push("one-job", "print(1)", datasetDataSources=["local/some-photos"])
    assert refused["invalidDatasetSources"] == ["local/some-photos"]
    local_kaggle.advance(61)
    assert status(local_kaggle) == "READY"


def test_an_archive_that_cannot_be_unpacked_makes_the_dataset_fail(
    local_kaggle: LocalKaggle,
) -> None:
    create(local_kaggle, [upload(local_kaggle, "bad.zip", b"no archive at all")])
    assert status(local_kaggle) == "FAILED"
    refused = local_kaggle.push("one-job", "print(1)", datasetDataSources=["local/some-photos"])
    assert refused["invalidDatasetSources"] == ["local/some-photos"]


def test_a_new_version_has_its_own_files_and_the_old_one_keeps_its(
    local_kaggle: LocalKaggle,
) -> None:
    create(local_kaggle, [upload(local_kaggle, "a.txt", b"x")])
    details = {"versionNotes": "second", "files": [{"token": upload(local_kaggle, "b.txt", b"y")}]}
    local_kaggle.call(f"{DATASETS}/CreateDatasetVersion", **WHERE, body=details)
    assert file_names(local_kaggle) == ["b.txt"]
    assert file_names(local_kaggle, datasetVersionNumber=1) == ["a.txt"]


def test_details_can_be_changed_one_by_one(local_kaggle: LocalKaggle) -> None:
    create(local_kaggle, [upload(local_kaggle, "a.txt", b"x")])
    local_kaggle.call(
        f"{DATASETS}/UpdateDatasetMetadata", **WHERE, settings={"subtitle": "Cars and trucks"}
    )
    info = local_kaggle.call(f"{DATASETS}/GetDatasetMetadata", **WHERE)["info"]
    assert (info["title"], info["subtitle"]) == ("Some photos", "Cars and trucks")


def test_one_file_and_a_zip_of_all_can_be_downloaded(
    local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train/1.txt").write_text("a car", encoding="utf-8")
    local_kaggle.stand_in("local/some-photos", tmp_path)
    path = f"/api/v1/{DATASETS}/DownloadDataset"
    one = b'{"ownerSlug":"local","datasetSlug":"some-photos","fileName":"train/1.txt"}'
    assert local_kaggle.open(path, one).read() == b"a car"
    whole = local_kaggle.open(path, one.replace(b',"fileName":"train/1.txt"', b"")).read()
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.namelist() == ["train/1.txt"]
    with pytest.raises(AnsweredError, match="has no file") as answered:
        local_kaggle.open(path, one.replace(b"1.txt", b"../../token"))
    assert answered.value.status == 404


def test_a_folder_stands_for_another_owners_dataset_and_cannot_be_changed(
    local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    (tmp_path / "1.txt").write_text("a car", encoding="utf-8")
    local_kaggle.stand_in("ryanholbrook/car-or-truck", tmp_path)
    where = {"ownerSlug": "ryanholbrook", "datasetSlug": "car-or-truck"}
    assert file_names(local_kaggle, **where) == ["1.txt"]
    for change in ("DeleteDataset", "CreateDatasetVersion"):
        with pytest.raises(AnsweredError) as answered:
            local_kaggle.call(f"{DATASETS}/{change}", **where)
        assert answered.value.status == 403


def test_a_folder_that_is_not_there_cannot_stand_for_a_dataset(
    local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    with pytest.raises(AnsweredError, match="is not a folder") as answered:
        local_kaggle.stand_in("someone/photos", tmp_path / "none")
    assert answered.value.status == 400


def test_datasets_are_listed_by_owner_search_and_page(
    local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    for reference in ("local/one", "local/two", "someone/three", "competitions/titanic"):
        local_kaggle.stand_in(reference, tmp_path)

    def refs(**fields: Any) -> list[str]:
        page = local_kaggle.call(f"{DATASETS}/ListDatasets", **fields)
        return [dataset["ref"] for dataset in page["datasets"]]

    assert refs() == ["someone/three", "local/two", "local/one"]
    assert refs(group="DATASET_SELECTION_GROUP_MY") == ["local/two", "local/one"]
    assert refs(user="someone") == ["someone/three"]
    assert refs(search="TWO") == ["local/two"]
    assert refs(pageSize=2, page=2) == ["local/one"]


def test_a_deleted_dataset_is_gone_and_its_address_is_free(local_kaggle: LocalKaggle) -> None:
    create(local_kaggle, [upload(local_kaggle, "a.txt", b"x")])
    local_kaggle.call(f"{DATASETS}/DeleteDataset", **WHERE)
    with pytest.raises(AnsweredError) as answered:
        status(local_kaggle)
    assert answered.value.status == 403
    assert create(local_kaggle, [upload(local_kaggle, "a.txt", b"x")])["status"] == "ok"


def test_a_run_cannot_change_the_folder_that_it_reads(
    local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    (tmp_path / "1.txt").write_text("original", encoding="utf-8")
    local_kaggle.stand_in("someone/photos", tmp_path)
    script = "open('../input/photos/1.txt', 'w')\n"
    local_kaggle.push("writer", script, datasetDataSources=["someone/photos"])
    assert local_kaggle.wait("writer") == "ERROR"
    assert (tmp_path / "1.txt").read_text("utf-8") == "original"
