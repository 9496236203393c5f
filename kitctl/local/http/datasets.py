"""`datasets.DatasetApiService`: create, version, list, describe and delete data sets."""

from __future__ import annotations

from typing import Any

from kitctl.local.http import dataset_filters, fields, wire
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.fields import Body
from kitctl.local.state.errors import DatasetRefused
from kitctl.local.state.names import slugify
from kitctl.local.state.records import Dataset, Upload

# Settings that are only kept and shown.
_SETTINGS = ("data", "collaborators", "userSpecifiedSources", "expectedUpdateFrequency")


def get_dataset_status(api: Api, body: Body) -> dict[str, Any]:
    newest = api.state.datasets.versions(_dataset(api, body))[0]
    if newest.failure is not None:
        return {"status": "FAILED"}
    ready = api.state.datasets.is_ready(newest)
    return {"status": "READY" if ready else "BLOBS_RECEIVED"}


def create_dataset(api: Api, body: Body) -> dict[str, Any]:
    owner = (fields.text(body, "ownerSlug") or api.state.account).lower()
    slug = fields.text(body, "slug").lower() or slugify(fields.text(body, "title"))
    uploads = read_uploads(body)
    try:
        version = api.state.datasets.create(
            (owner, slug), _details(body), uploads, is_private=fields.flag(body, "isPrivate")
        )
    except DatasetRefused as refused:
        return wire.dataset_refused(str(refused))
    api.state.datasets.process(version, uploads)
    return wire.dataset_created(version.dataset, api.site)


def create_dataset_version(api: Api, body: Body) -> dict[str, Any]:
    owner, slug = fields.text(body, "ownerSlug"), fields.text(body, "datasetSlug")
    return _new_version(api, api.state.datasets.own(owner, slug), body)


def create_dataset_version_by_id(api: Api, body: Body) -> dict[str, Any]:
    dataset = api.state.datasets.by_id(fields.number(body, "id") or 0)
    return _new_version(api, api.state.datasets.own(dataset.owner, dataset.slug), body)


def get_dataset(api: Api, body: Body) -> dict[str, Any]:
    dataset = _dataset(api, body)
    versions = [wire.dataset_version(version) for version in api.state.datasets.versions(dataset)]
    return {**_with_size(api, dataset), "versions": versions}


def list_datasets(api: Api, body: Body) -> dict[str, Any]:
    matches = dataset_filters.select(api, api.state.datasets.visible(), body)
    offset, size = fields.page(body)
    page = matches[offset : offset + size + 1]
    return wire.paged("datasets", page, body, lambda dataset: _with_size(api, dataset))


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
        **{name: settings[name] for name in _SETTINGS if settings.get(name)},
    }
    api.state.datasets.set_details(
        api.state.datasets.own(owner, slug),
        {name: value for name, value in details.items() if value},
        # The client leaves out False, and means it.
        is_private=fields.flag(settings, "isPrivate"),
    )
    return {"errors": []}


def delete_dataset(api: Api, body: Body) -> dict[str, Any]:
    owner, slug = fields.text(body, "ownerSlug"), fields.text(body, "datasetSlug")
    api.state.datasets.delete(api.state.datasets.own(owner, slug))
    return {}


def _dataset(api: Api, body: Body) -> Dataset:
    return api.state.datasets.find(fields.text(body, "ownerSlug"), fields.text(body, "datasetSlug"))


def _new_version(api: Api, dataset: Dataset, body: Body) -> dict[str, Any]:
    request = body.get("body") or {}
    uploads = read_uploads(request)
    try:
        version = api.state.datasets.add_version(
            dataset, fields.text(request, "versionNotes"), uploads, _details(request)
        )
    except DatasetRefused as refused:
        return wire.dataset_refused(str(refused))
    api.state.datasets.process(version, uploads)
    return wire.dataset_created(dataset, api.site)


def read_uploads(body: Body, folder: str = "") -> list[Upload]:
    """Return the uploads of `files`, and of `directories` with their names before the files'."""
    uploads = [Upload(fields.text(file, "token"), folder) for file in fields.objects(body, "files")]
    for directory in fields.objects(body, "directories"):
        uploads += read_uploads(directory, f"{folder}{fields.text(directory, 'name')}/")
    return uploads


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
    return wire.dataset(newest, api.state.datasets.total_bytes(dataset), api.site)


METHODS: Methods = {
    "GetDatasetStatus": get_dataset_status,
    "CreateDataset": create_dataset,
    "CreateDatasetVersion": create_dataset_version,
    "CreateDatasetVersionById": create_dataset_version_by_id,
    "GetDataset": get_dataset,
    "ListDatasets": list_datasets,
    "GetDatasetMetadata": get_dataset_metadata,
    "UpdateDatasetMetadata": update_dataset_metadata,
    "DeleteDataset": delete_dataset,
}
