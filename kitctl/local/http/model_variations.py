"""`models.ModelApiService`: the variations of models, their versions and files."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from starlette.responses import RedirectResponse, Response

from kitctl.local.http import fields, wire
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.datasets import read_uploads
from kitctl.local.http.fields import Body
from kitctl.local.http.models import created, instance
from kitctl.local.state.errors import DatasetRefused, TitleTaken, not_found
from kitctl.local.state.files import regular_files
from kitctl.local.state.models import Variation
from kitctl.local.state.records import DatasetVersion

# What may be said of a variation, by its name in the API, and what it is otherwise.
_DETAILS: dict[str, Any] = {
    "usage": "",
    "fineTunable": False,
    "trainingData": [],
    "modelInstanceType": "MODEL_INSTANCE_TYPE_UNSPECIFIED",
    "externalBaseModelUrl": "",
}
# Those of every data set → their name in the API.
_COMMON = {"description": "overview", "license": "licenseName"}


def create_model_instance(api: Api, body: Body) -> dict[str, Any]:
    request = body.get("body") or {}
    variation = _variation({**body, **request})
    uploads = read_uploads(request)
    details = {
        "title": variation.name,
        "license": fields.text(request, "licenseName"),
        "description": fields.text(request, "overview"),
        **{name: request.get(name, default) for name, default in _DETAILS.items()},
    }
    try:
        version = api.state.models.add_variation(variation, details, uploads)
    except TitleTaken:
        return {"error": f'The variation "{variation}" already exists.'}
    except DatasetRefused as refused:
        return {"error": str(refused)}
    api.state.datasets.process(version, uploads)
    return created(api, version.dataset.id, str(variation))


def create_model_instance_version(api: Api, body: Body) -> dict[str, Any]:
    request = body.get("body") or {}
    variation, uploads = _variation(body), read_uploads(request)
    notes = fields.text(request, "versionNotes")
    try:
        version = api.state.models.add_version(variation, notes, uploads)
    except DatasetRefused as refused:
        return {"error": str(refused)}
    api.state.datasets.process(version, uploads)
    return created(api, version.dataset.id, str(variation))


def update_model_instance(api: Api, body: Body) -> dict[str, Any]:
    """Change the fields that the mask names, also to empty ones."""
    dataset = api.state.models.own_variation(_variation(body)).dataset
    mask = fields.masked(body)
    changes = {name: body.get(name, default) for name, default in _DETAILS.items() if name in mask}
    for name, named in _COMMON.items():
        if named in mask:
            changes[name] = fields.text(body, named)
    api.state.datasets.set_details(dataset, changes)
    return created(api, dataset.id, dataset.slug)


def delete_model_instance(api: Api, body: Body) -> dict[str, Any]:
    api.state.datasets.delete(api.state.models.own_variation(_variation(body)).dataset)
    return {"error": ""}


def delete_model_instance_version(api: Api, body: Body) -> dict[str, Any]:
    api.state.models.own_variation(_variation(body))
    api.state.datasets.delete_version(_version(api, body))
    return {"error": ""}


def list_model_instances(api: Api, body: Body) -> dict[str, Any]:
    owner, slug = fields.text(body, "ownerSlug"), fields.text(body, "modelSlug")
    newest = api.state.models.variations(api.state.models.find(owner, slug))
    offset, size = fields.page(body)
    page = newest[offset : offset + size + 1]
    return wire.paged("instances", page, body, lambda one: _listed_instance(api, one))


def list_model_instance_versions(api: Api, body: Body) -> dict[str, Any]:
    variation = _variation(body)
    model = api.state.models.find(variation.owner, variation.model)
    versions = api.state.datasets.versions(api.state.models.newest(variation).dataset)
    offset, size = fields.page(body)
    page = wire.paged(
        "versions",
        versions[offset : offset + size + 1],
        body,
        lambda version: {
            "id": version.number,
            "framework": instance(api, version)["framework"],
            "url": f"{api.site}/models/{variation}/{version.number}",
            "variationSlug": variation.name,
            "versionNumber": version.number,
            "modelTitle": model.title,
            "isPrivate": model.is_private,
            "ownerSlug": variation.owner,
            "modelSlug": variation.model,
        },
    )
    return {
        "versionList": {"versions": page["versions"]},
        "nextPageToken": page["nextPageToken"],
    }


def get_model_instance(api: Api, body: Body) -> dict[str, Any]:
    return instance(api, api.state.models.newest(_variation(body)))


def list_version_files(api: Api, body: Body) -> dict[str, Any]:
    version = _version(api, body)
    offset, size = fields.page(body)
    page = sorted(regular_files(version.folder))[offset : offset + size + 1]
    return wire.paged("files", page, body, lambda path: _file(version, path))


def download_version(api: Api, body: Body) -> Response:
    """Redirect to one file, or to an archive of all."""
    version, name = _version(api, body), fields.text(body, "path")
    if not name:
        return RedirectResponse(
            api.signed_urls.file(api.state.datasets.archive(version, ".tar.gz")), 302
        )
    path = version.folder / PurePosixPath(name)
    if path not in set(regular_files(version.folder)):
        raise not_found(f'This version has no file "{name}".')
    return RedirectResponse(api.signed_urls.file(path), 302)


def _variation(body: Body) -> Variation:
    framework = fields.text(body, "framework").upper().removeprefix("MODEL_FRAMEWORK_")
    return Variation(
        fields.text(body, "ownerSlug").lower(),
        fields.text(body, "modelSlug").lower(),
        framework.replace("_", "").lower(),
        fields.text(body, "instanceSlug").lower(),
    )


def _version(api: Api, body: Body) -> DatasetVersion:
    return api.state.models.version(_variation(body), fields.number(body, "versionNumber"))


def _listed_instance(api: Api, version: DatasetVersion) -> dict[str, Any]:
    """Return a variation as the list of a model's variations shows it."""
    owner, model, _, _ = version.dataset.slug.split("/")
    shown = instance(api, version)
    wanted = ("id", "slug", "versionId", "overview", "usage", "versionNumber", "framework")
    return {
        **{name: shown[name] for name in wanted if name in shown},
        "ownerSlug": owner,
        "modelSlug": model,
        "versionNotes": version.notes,
        "creationStatus": {"status": "READY"},
        "totalUncompressedBytes": shown["totalUncompressedBytes"],
    }


def _file(version: DatasetVersion, path: Path) -> dict[str, Any]:
    status = path.stat()
    return {
        "name": path.relative_to(version.folder).as_posix(),
        "size": status.st_size,
        "creationDate": wire.time(status.st_mtime),
    }


METHODS: Methods = {
    "CreateModelInstance": create_model_instance,
    "CreateModelInstanceVersion": create_model_instance_version,
    "UpdateModelInstance": update_model_instance,
    "DeleteModelInstance": delete_model_instance,
    "DeleteModelInstanceVersion": delete_model_instance_version,
    "GetModelInstance": get_model_instance,
    "ListModelInstances": list_model_instances,
    "ListModelInstanceVersions": list_model_instance_versions,
    "ListModelInstanceVersionFiles": list_version_files,
    "DownloadModelInstanceVersion": download_version,
}
