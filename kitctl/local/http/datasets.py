"""`datasets.DatasetApiService`, `blobs.BlobApiService` and `security.OAuthService`."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from starlette.responses import RedirectResponse, Response

from kitctl.local.http import wire
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.wire import Body
from kitctl.local.state.names import slugify
from kitctl.local.state.records import Dataset, DatasetVersion
from kitctl.local.state.refusals import bad_request, not_found


def get_dataset_status(api: Api, body: Body) -> dict[str, Any]:
    newest = api.kaggle.datasets.versions(_dataset(api, body))[0]
    if newest.failure is not None:
        return {"status": "FAILED"}
    ready = api.kaggle.datasets.is_ready(newest)
    return {"status": "READY" if ready else "BLOBS_RECEIVED"}


def create_dataset(api: Api, body: Body) -> dict[str, Any]:
    owner = (wire.text(body, "ownerSlug") or api.kaggle.account).lower()
    slug = wire.text(body, "slug").lower() or slugify(wire.text(body, "title"))
    tokens = _tokens(body)
    version = api.kaggle.datasets.create(
        (owner, slug), _about(body), tokens, is_private=wire.flag(body, "isPrivate")
    )
    api.kaggle.datasets.process(version, tokens)
    return wire.dataset_created(version.dataset, api.site)


def create_dataset_version(api: Api, body: Body) -> dict[str, Any]:
    owner, slug = wire.text(body, "ownerSlug"), wire.text(body, "datasetSlug")
    return _new_version(api, api.kaggle.datasets.own(owner, slug), body)


def create_dataset_version_by_id(api: Api, body: Body) -> dict[str, Any]:
    dataset = api.kaggle.datasets.by_id(wire.number(body, "id") or 0)
    return _new_version(api, api.kaggle.datasets.own(dataset.owner, dataset.slug), body)


def get_dataset(api: Api, body: Body) -> dict[str, Any]:
    return _rendered(api, _dataset(api, body))


def list_datasets(api: Api, body: Body) -> dict[str, Any]:
    owner = wire.text(body, "user").lower()
    if wire.text(body, "group").endswith("_MY"):
        owner = api.kaggle.account
    words = wire.text(body, "search").lower()
    found = [
        dataset
        for dataset in api.kaggle.datasets.visible()
        if owner in ("", dataset.owner) and words in f"{dataset.title} {dataset.slug}".lower()
    ]
    offset, size = wire.page(body)
    page = found[offset : offset + size + 1]
    return wire.paged("datasets", page, body, lambda dataset: _rendered(api, dataset))


def list_dataset_files(api: Api, body: Body) -> dict[str, Any]:
    version = _version(api, body)
    files = sorted(_files(version.folder))
    offset, size = wire.page(body)

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
    owner, slug = wire.text(body, "ownerSlug"), wire.text(body, "datasetSlug")
    settings = body.get("settings") or {}
    licenses = [wire.text(license, "name") for license in wire.objects(settings, "licenses")]
    about = {
        "title": wire.text(settings, "title"),
        "subtitle": wire.text(settings, "subtitle"),
        "description": wire.text(settings, "description"),
        "keywords": list(wire.texts(settings, "keywords")),
        "license": licenses[0] if licenses else "",
    }
    api.kaggle.datasets.describe(api.kaggle.datasets.own(owner, slug), about)
    return {"errors": []}


def download_dataset(api: Api, body: Body) -> Response:
    """Redirect to one file, or to all of them in a zip."""
    version = _version(api, body)
    name = wire.text(body, "fileName")
    if not name:
        path = api.kaggle.datasets.archive(version)
    else:
        path = version.folder / name
        if path not in set(_files(version.folder)):
            raise not_found(f'This data set has no file "{name}".')
    return RedirectResponse(api.links.dataset(path), 302)


def delete_dataset(api: Api, body: Body) -> dict[str, Any]:
    owner, slug = wire.text(body, "ownerSlug"), wire.text(body, "datasetSlug")
    api.kaggle.datasets.delete(api.kaggle.datasets.own(owner, slug))
    return {}


def start_blob_upload(api: Api, body: Body) -> dict[str, Any]:
    name, size = wire.text(body, "name"), wire.number(body, "contentLength")
    if not name or size is None or size < 0:
        raise bad_request("An upload needs a name and a content length.")
    blob = api.kaggle.blobs.announce(name, size)
    return {"token": blob.token, "createUrl": api.links.upload(blob.token, name)}


def introspect_token(api: Api, body: Body) -> dict[str, Any]:
    if not hmac.compare_digest(wire.text(body, "token").encode(), api.token.encode()):
        return {"active": False}
    return {"active": True, "username": api.kaggle.account, "userId": 1, "scope": ""}


def _dataset(api: Api, body: Body) -> Dataset:
    return api.kaggle.datasets.find(wire.text(body, "ownerSlug"), wire.text(body, "datasetSlug"))


def _version(api: Api, body: Body) -> DatasetVersion:
    number = wire.number(body, "datasetVersionNumber")
    return api.kaggle.datasets.version(_dataset(api, body), number)


def _new_version(api: Api, dataset: Dataset, body: Body) -> dict[str, Any]:
    details = body.get("body") or {}
    tokens = _tokens(details)
    version = api.kaggle.datasets.add_version(
        dataset, wire.text(details, "versionNotes"), tokens, _about(details)
    )
    api.kaggle.datasets.process(version, tokens)
    return wire.dataset_created(dataset, api.site)


def _tokens(body: Body) -> list[str]:
    return [wire.text(file, "token") for file in wire.objects(body, "files")]


def _about(body: Body) -> dict[str, object]:
    about = {
        "title": wire.text(body, "title"),
        "subtitle": wire.text(body, "subtitle"),
        "description": wire.text(body, "description"),
        "license": wire.text(body, "licenseName"),
        "keywords": list(wire.texts(body, "categoryIds")),
    }
    return {name: value for name, value in about.items() if value}


def _rendered(api: Api, dataset: Dataset) -> dict[str, Any]:
    newest = api.kaggle.datasets.versions(dataset)[0]
    total = sum(path.stat().st_size for path in _files(newest.folder))
    return wire.dataset(newest, total, api.site)


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for path in (Path(parent, name) for name in names):
            if path.is_file() and not path.is_symlink():
                yield path


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
BLOB_METHODS: Methods = {"StartBlobUpload": start_blob_upload}
IDENTITY_METHODS: Methods = {"IntrospectToken": introspect_token}
