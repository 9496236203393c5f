"""The filters of lists over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.local_kaggle import LocalKaggle
from support.uploads import upload

DATASETS = "datasets.DatasetApiService"


def kernels(server: LocalKaggle, **fields: Any) -> list[str]:
    listed = server.call("ListKernels", **fields)["kernels"]
    return [kernel["ref"].removeprefix("local/") for kernel in listed]


def datasets(server: LocalKaggle, **fields: Any) -> list[str]:
    listed = server.call(f"{DATASETS}/ListDatasets", **fields)["datasets"]
    return [dataset["ref"].removeprefix("local/") for dataset in listed]


@pytest.fixture
def two_kernels(local_kaggle: LocalKaggle, tmp_path: Path) -> LocalKaggle:
    """A script of one data set and a competition, pushed before a notebook in R."""
    for reference in ("ada/photos", "competitions/titanic"):
        local_kaggle.stand_in(reference, tmp_path)
    script, sources = "open('plot.png', 'w').close()", {"competitionDataSources": ["titanic"]}
    local_kaggle.push("one-script", script, kernelExecutionType="QUICK_SAVE")
    local_kaggle.push("one-notebook", "{}", kernelType="notebook", language="r")
    local_kaggle.push("one-script", script, datasetDataSources=["ada/photos/1"], **sources)
    assert local_kaggle.wait("one-script", 2) == "COMPLETE"
    return local_kaggle


def test_kernels_are_filtered_and_sorted(two_kernels: LocalKaggle) -> None:
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["one-script", "one-notebook"]),
        ({"sortBy": "DATE_CREATED"}, ["one-notebook", "one-script"]),
        ({"sortBy": "DATE_RUN"}, ["one-script", "one-notebook"]),
        ({"language": "python"}, ["one-script"]),
        ({"language": "r"}, ["one-notebook"]),
        ({"language": "all", "kernelType": "all"}, ["one-script", "one-notebook"]),
        ({"outputType": "all"}, ["one-script", "one-notebook"]),
        ({"kernelType": "notebook"}, ["one-notebook"]),
        ({"dataset": "ada/photos"}, ["one-script"]),
        ({"competition": "titanic"}, ["one-script"]),
        ({"outputType": "visualization"}, ["one-script"]),
        ({"outputType": "data"}, []),
        ({"parentKernel": "local/one-script"}, []),
        ({"search": "NOTEBOOK"}, ["one-notebook"]),
    ]
    for fields, expected in cases:
        assert kernels(two_kernels, **fields) == expected, fields


def test_a_copy_is_listed_by_the_kernel_that_it_was_copied_from(local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("a-copy", parent="ada/original")
    local_kaggle.seed("another")
    assert kernels(local_kaggle, parentKernel="ada/original") == ["a-copy"]
    assert kernels(local_kaggle) == ["another", "a-copy"]


@pytest.fixture
def two_datasets(local_kaggle: LocalKaggle) -> LocalKaggle:
    """A small CSV file under CC0, older than a larger text under the GPL but changed after it."""

    def create(slug: str, name: str, content: bytes, **fields: Any) -> None:
        files = [{"token": upload(local_kaggle, name, content)}]
        local_kaggle.call(f"{DATASETS}/CreateDataset", slug=slug, title=slug, files=files, **fields)

    create("small-table", "a.csv", b"1", licenseName="CC0-1.0", categoryIds=["cars", "photos"])
    create("large-text", "b.txt", b"x" * 1000, licenseName="GPL-2.0")
    body = {"files": [{"token": upload(local_kaggle, "a.csv", b"2")}]}
    where = {"ownerSlug": "local", "datasetSlug": "small-table"}
    local_kaggle.call(f"{DATASETS}/CreateDatasetVersion", **where, body=body)
    return local_kaggle


def test_datasets_are_filtered_and_sorted(two_datasets: LocalKaggle) -> None:
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["large-text", "small-table"]),
        ({"sortBy": "DATASET_SORT_BY_UPDATED"}, ["small-table", "large-text"]),
        ({"license": "DATASET_LICENSE_GROUP_CC"}, ["small-table"]),
        ({"license": "DATASET_LICENSE_GROUP_GPL"}, ["large-text"]),
        ({"license": "DATASET_LICENSE_GROUP_OTHER"}, []),
        ({"license": "DATASET_LICENSE_GROUP_ALL"}, ["large-text", "small-table"]),
        ({"fileType": "DATASET_FILE_TYPE_GROUP_CSV"}, ["small-table"]),
        ({"fileType": "DATASET_FILE_TYPE_GROUP_PARQUET"}, []),
        ({"tagIds": "cars"}, ["small-table"]),
        ({"tagIds": "cars,boats"}, []),
        ({"maxSize": 10}, ["small-table"]),
        ({"minSize": 10}, ["large-text"]),
    ]
    for fields, expected in cases:
        assert datasets(two_datasets, **fields) == expected, fields
