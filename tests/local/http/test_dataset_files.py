"""The files of data sets over HTTP: folders, empty files, summaries and downloads."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from support.local_kaggle import AnsweredError, LocalKaggle
from support.uploads import put, upload

DATASETS = "datasets.DatasetApiService"
WHERE = {"ownerSlug": "local", "datasetSlug": "some-photos"}


def with_folders(server: LocalKaggle) -> dict[str, Any]:
    """Upload files, and return them as the fields `files` and `directories` of a request."""
    file = {
        name: {"token": upload(server, name, name.encode())} for name in ("a.txt", "1.jpg", "2.jpg")
    }
    car = {"name": "car", "files": [file["1.jpg"]], "directories": []}
    truck = {"name": "truck", "files": [file["2.jpg"]]}
    return {
        "files": [file["a.txt"]],
        "directories": [{"name": "train", "directories": [car, truck]}],
    }


def create(server: LocalKaggle, **fields: Any) -> Any:
    request = {"ownerSlug": "local", "slug": "some-photos", "title": "Some photos", **fields}
    return server.call(f"{DATASETS}/CreateDataset", **request)


def names(server: LocalKaggle) -> list[str]:
    page = server.call(f"{DATASETS}/ListDatasetFiles", **WHERE)
    return [file["name"] for file in page["datasetFiles"]]


@pytest.fixture
def photos(local_kaggle: LocalKaggle) -> LocalKaggle:
    """A local Kaggle with a data set of three files, two of them in folders."""
    create(local_kaggle, **with_folders(local_kaggle))
    return local_kaggle


def download(server: LocalKaggle, method: str, **fields: Any) -> bytes:
    request = json.dumps({**WHERE, **fields}).encode()
    content: bytes = server.open(f"/api/v1/{DATASETS}/{method}", request).read()
    return content


def test_folders_are_kept_in_lists_downloads_and_runs(photos: LocalKaggle) -> None:
    assert names(photos) == ["a.txt", "train/car/1.jpg", "train/truck/2.jpg"]
    with zipfile.ZipFile(io.BytesIO(download(photos, "DownloadDataset"))) as archive:
        assert archive.namelist() == names(photos)
    script = "print(open('../input/some-photos/train/car/1.jpg').read())"
    photos.push("reader", script, datasetDataSources=["local/some-photos"])
    assert photos.wait("reader") == "COMPLETE"
    assert photos.log("reader")[0]["data"] == "1.jpg\n"


def test_folders_are_kept_in_a_new_version(photos: LocalKaggle) -> None:
    file = {"token": upload(photos, "3.jpg", b"3")}
    body = {"versionNotes": "two", "directories": [{"name": "valid", "files": [file]}]}
    photos.call(f"{DATASETS}/CreateDatasetVersion", **WHERE, body=body)
    assert names(photos) == ["valid/3.jpg"]


def test_a_folder_that_leads_out_of_the_dataset_makes_it_fail(local_kaggle: LocalKaggle) -> None:
    file = {"token": upload(local_kaggle, "a.txt", b"x")}
    create(local_kaggle, directories=[{"name": "..", "files": [file]}])
    status = local_kaggle.call(f"{DATASETS}/GetDatasetStatus", **WHERE)["status"]
    assert status == "FAILED"


def test_an_empty_file_is_announced_without_its_size(local_kaggle: LocalKaggle) -> None:
    started = local_kaggle.call("blobs.BlobApiService/StartBlobUpload", name="empty.txt")
    assert put(local_kaggle, started["createUrl"], b"")[0] == 200
    create(local_kaggle, files=[{"token": started["token"]}])
    assert names(local_kaggle) == ["empty.txt"]
    assert download(local_kaggle, "DownloadDataset", fileName="empty.txt") == b""


def test_a_taken_title_is_an_error_with_status_200(photos: LocalKaggle) -> None:
    refused = create(photos, **with_folders(photos))
    assert "already in use by a dataset" in refused["error"] and "ref" not in refused


def test_a_folder_is_listed_with_its_files_and_folders(photos: LocalKaggle) -> None:
    method = f"{DATASETS}/ListTreeDatasetFiles"
    root = photos.call(method, **WHERE)
    assert [file["relativeUrl"] for file in root["files"]] == ["a.txt"]
    assert [(one["name"], one["totalFiles"]) for one in root["directories"]] == [("train", 2)]
    train = photos.call(method, **WHERE, path="train", pageSize=1)
    assert [one["relativeUrl"] for one in train["directories"]] == ["train/car"]
    rest = photos.call(method, **WHERE, path="train", pageSize=1, pageToken=train["nextPageToken"])
    assert [one["relativeUrl"] for one in rest["directories"]] == ["train/truck"]
    car = photos.call(method, **WHERE, path="train/car")
    assert [(file["name"], file["totalBytes"]) for file in car["files"]] == [("1.jpg", 5)]
    assert photos.call(method, **WHERE, path="nowhere")["totalChildren"] == 0


def test_a_summary_counts_files_by_type(photos: LocalKaggle) -> None:
    summary = photos.call(f"{DATASETS}/GetDatasetFilesSummary", **WHERE)["fileSummaryInfo"]
    assert summary == {
        "totalFileCount": 3,
        "fileTypes": [
            {"extension": ".jpg", "fileCount": 2, "totalSize": 10},
            {"extension": ".txt", "fileCount": 1, "totalSize": 5},
        ],
    }


@pytest.mark.parametrize("method", ["DownloadDataset", "DownloadDatasetRaw"])
def test_a_file_in_a_folder_is_downloaded_by_its_path(photos: LocalKaggle, method: str) -> None:
    assert download(photos, method, fileName="train/car/1.jpg") == b"1.jpg"
    with pytest.raises(AnsweredError) as answered:
        download(photos, method, fileName="train")
    assert answered.value.status == 404


def test_a_file_can_be_uploaded_by_the_older_method(local_kaggle: LocalKaggle) -> None:
    method = f"{DATASETS}/UploadDatasetFile"
    started = local_kaggle.call(method, fileName="a.txt", contentLength=1)
    assert put(local_kaggle, started["createUrl"], b"x")[0] == 200
    create(local_kaggle, files=[{"token": started["token"]}])
    assert names(local_kaggle) == ["a.txt"]
