"""The filters and the order of ListDatasets."""

from __future__ import annotations

from collections.abc import Mapping

from kitctl.local.http import fields
from kitctl.local.http.api import Api
from kitctl.local.http.fields import Body
from kitctl.local.state.files import regular_files
from kitctl.local.state.records import Dataset

# The beginnings of license names by group; OTHER is all the rest.
LICENSES: Mapping[str, tuple[str, ...]] = {
    "CC": ("cc",),
    "GPL": ("gpl", "lgpl", "agpl"),
    "ODB": ("odb", "odc", "pddl", "dbcl"),
}
FILE_TYPES: Mapping[str, tuple[str, ...]] = {
    "CSV": (".csv",),
    "SQLITE": (".sqlite", ".sqlite3", ".db"),
    "JSON": (".json",),
    "BIG_QUERY": (),
    "PARQUET": (".parquet",),
}


def select(api: Api, datasets: list[Dataset], body: Body) -> list[Dataset]:
    """Return the data sets that a request asks for, in its order; they come the newest first."""
    selected = [dataset for dataset in datasets if _matches(api, dataset, body)]
    if _group(body, "sortBy", "DATASET_SORT_BY_") == "UPDATED":
        selected.sort(key=lambda one: _changed_at(api, one), reverse=True)
    return selected


def _matches(api: Api, dataset: Dataset, body: Body) -> bool:
    owner = fields.text(body, "user").lower()
    if "_GROUP_MY" in fields.text(body, "group"):
        owner = api.state.account
    tags = [tag for tag in fields.text(body, "tagIds").lower().split(",") if tag]
    text = f"{dataset.title} {dataset.slug}".lower()
    license_group = _group(body, "license", "DATASET_LICENSE_GROUP_")
    return (
        owner in ("", dataset.owner)
        and fields.text(body, "search").lower() in text
        and license_group in ("", "ALL", _license_group(dataset.license))
        and all(tag in dataset.keywords for tag in tags)
        and _has_file_type(api, dataset, _group(body, "fileType", "DATASET_FILE_TYPE_GROUP_"))
        and _has_size(api, dataset, body)
    )


def _group(body: Body, name: str, prefix: str) -> str:
    return fields.text(body, name).upper().removeprefix(prefix)


def _license_group(license_name: str) -> str:
    for group, beginnings in LICENSES.items():
        if license_name.lower().startswith(beginnings):
            return group
    return "OTHER"


def _has_file_type(api: Api, dataset: Dataset, group: str) -> bool:
    if group in ("", "ALL"):
        return True
    newest = api.state.datasets.versions(dataset)[0]
    endings = FILE_TYPES.get(group, ())
    return any(path.suffix.lower() in endings for path in regular_files(newest.folder))


def _has_size(api: Api, dataset: Dataset, body: Body) -> bool:
    smallest, largest = fields.number(body, "minSize"), fields.number(body, "maxSize")
    if not smallest and not largest:
        return True
    total = api.state.datasets.total_bytes(dataset)
    return (smallest or 0) <= total and (not largest or total <= largest)


def _changed_at(api: Api, dataset: Dataset) -> float:
    return api.state.datasets.versions(dataset)[0].created_at
