"""`datasets.DatasetApiService`: create, version, list, describe, download and delete data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.responses import RedirectResponse, Response

from kitctl.local.http import fields, wire
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.fields import Body
from kitctl.local.state.errors import not_found
from kitctl.local.state.files import regular_files
from kitctl.local.state.names import slugify
from kitctl.local.state.records import Dataset, DatasetVersion


def get_dataset_status(api: Api, body: Body) -> dict[str, Any]:
    newest = api.state.datasets.versions(_dataset(api, body))[0]
    if newest.failure is not None:
        return {"status": "FAILED"}
    ready = api.state.datasets.is_ready(newest)
    return {"status": "READY" if ready else "BLOBS_RECEIVED"}


def create_dataset(api: Api, body: Body) -> dict[str, Any]:
    owner = (fields.text(body, "ownerSlug") or api.state.account).lower()
    slug = fields.text(body, "slug").lower() or slugify(fields.text(body, "title"))
    tokens = _tokens(body)
    version = api.state.datasets.create(
        (owner, slug), _details(body), tokens, is_private=fields.flag(body, "isPrivate")
    )
    api.state.datasets.process(version, tokens)
    return wire.dataset_created(version.dataset, api.site)


def create_dataset_version(api: Api, body: Body) -> dict[str, Any]:
    owner, slug = fields.text(body, "ownerSlug"), fields.text(body, "datasetSlug")
    return _new_version(api, api.state.datasets.own(owner, slug), body)


def create_dataset_version_by_id(api: Api, body: Body) -> dict[str, Any]:
    dataset = api.state.datasets.by_id(fields.number(body, "id") or 0)
    return _new_version(api, api.state.datasets.own(dataset.owner, dataset.slug), body)


def get_dataset(api: Api, body: Body) -> dict[str, Any]:
    return _with_size(api, _dataset(api, body))


def list_datasets(api: Api, body: Body) -> dict[str, Any]:
    owner = fields.text(body, "user").lower()
    if fields.text(body, "group").endswith("_MY"):
        owner = api.state.account
    search = fields.text(body, "search").lower()
    matches = [
        dataset
        for dataset in api.state.datasets.visible()
        if owner in ("", dataset.owner) and search in f"{dataset.title} {dataset.slug}".lower()
    ]
    offset, size = fields.page(body)
    page = matches[offset : offset + size + 1]
    return wire.paged("datasets", page, body, lambda dataset: _with_size(api, dataset))


def list_dataset_files(api: Api, body: Body) -> dict[str, Any]:
    version = _version(api, body)
    files = sorted(regular_files(version.folder))
    offset, size = fields.page(body)

    def render(path: Path) -> dict[str, Any]:
        status = path.stat()
        return {
            "name": path.relative_to(version.folder).as_posix(),
            "totalBytes": status.st_size,
            "creationDate": wire.time(status.st_mtime),
        }

    return wire.paged("datasetFiles", files[offset : offset + size + 1], body, render)


def get_dataset_metadata(api: Api, body: Body) -> dict[str, Any]:
    return {"info": wire.dataset_info(_dataset(api, body))}


def update_dataset_metadata(api: Api, body: Body) -> dict[str, Any]:
    owner, slug = fields.text(body, "ownerSlug"), fields.text(body, "datasetSlug")
    settings = body.get("settings") or {}
    licenses = [fields.text(license, "name") for license in fields.objects(settings, "licenses")]
    details = {
        "title": fields.text(settings, "title"),
        "subtitle": fields.text(settings, "subtitle"),
        "description": fields.text(settings, "description"),
        "keywords": list(fields.texts(settings, "keywords")),
        "license": licenses[0] if licenses else "",
    }
    api.state.datasets.update_details(api.state.datasets.own(owner, slug), details)
    return {"errors": []}


def download_dataset(api: Api, body: Body) -> Response:
    """Redirect to one file, or to a zip of all files."""
    version = _version(api, body)
    name = fields.text(body, "fileName")
    if not name:
        path = api.state.datasets.archive(version)
    else:
        path = version.folder / name
        if path not in set(regular_files(version.folder)):
            raise not_found(f'This data set has no file "{name}".')
    return RedirectResponse(api.signed_urls.file(path), 302)


def delete_dataset(api: Api, body: Body) -> dict[str, Any]:
    owner, slug = fields.text(body, "ownerSlug"), fields.text(body, "datasetSlug")
    api.state.datasets.delete(api.state.datasets.own(owner, slug))
    return {}


def _dataset(api: Api, body: Body) -> Dataset:
    return api.state.datasets.find(fields.text(body, "ownerSlug"), fields.text(body, "datasetSlug"))


def _version(api: Api, body: Body) -> DatasetVersion:
    number = fields.number(body, "datasetVersionNumber")
    return api.state.datasets.version(_dataset(api, body), number)


def _new_version(api: Api, dataset: Dataset, body: Body) -> dict[str, Any]:
    request = body.get("body") or {}
    tokens = _tokens(request)
    version = api.state.datasets.add_version(
        dataset, fields.text(request, "versionNotes"), tokens, _details(request)
    )
    api.state.datasets.process(version, tokens)
    return wire.dataset_created(dataset, api.site)


def _tokens(body: Body) -> list[str]:
    return [fields.text(file, "token") for file in fields.objects(body, "files")]


def _details(body: Body) -> dict[str, object]:
    """Return what a request says of a data set; fields that it leaves empty are left out."""
    details = {
        "title": fields.text(body, "title"),
        "subtitle": fields.text(body, "subtitle"),
        "description": fields.text(body, "description"),
        "license": fields.text(body, "licenseName"),
        "keywords": list(fields.texts(body, "categoryIds")),
    }
    return {name: value for name, value in details.items() if value}


def _with_size(api: Api, dataset: Dataset) -> dict[str, Any]:
    """Return a data set's JSON with the size of its newest version."""
    newest = api.state.datasets.versions(dataset)[0]
    total = sum(path.stat().st_size for path in regular_files(newest.folder))
    return wire.dataset(newest, total, api.site)


METHODS: Methods = {
    "GetDatasetStatus": get_dataset_status,
    "CreateDataset": create_dataset,
    "CreateDatasetVersion": create_dataset_version,
    "CreateDatasetVersionById": create_dataset_version_by_id,
    "GetDataset": get_dataset,
    "ListDatasets": list_datasets,
    "ListDatasetFiles": list_dataset_files,
    "GetDatasetMetadata": get_dataset_metadata,
    "UpdateDatasetMetadata": update_dataset_metadata,
    "DownloadDataset": download_dataset,
    "DeleteDataset": delete_dataset,
}
