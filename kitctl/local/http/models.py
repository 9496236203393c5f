"""`models.ModelApiService`: models, their variations, versions and files."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from starlette.responses import RedirectResponse, Response

from kitctl.local.http import fields, wire
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.datasets import read_uploads
from kitctl.local.http.fields import Body
from kitctl.local.state.errors import ApiError, TitleTaken, not_found
from kitctl.local.state.files import regular_files
from kitctl.local.state.models import Variation
from kitctl.local.state.records import Dataset, DatasetVersion

# As references write a framework → the middle of its name in the API.
_FRAMEWORKS = {"tensorflow1": "TENSOR_FLOW_1", "tensorflow2": "TENSOR_FLOW_2"} | {
    "pytorch": "PY_TORCH",
    "scikitlearn": "SCIKIT_LEARN",
    "tflite": "TF_LITE",
    "tfjs": "TF_JS",
}


def create_model(api: Api, body: Body) -> dict[str, Any]:
    details = {
        "title": fields.text(body, "title"),
        "subtitle": fields.text(body, "subtitle"),
        "description": fields.text(body, "description"),
    }
    owner, slug = fields.text(body, "ownerSlug").lower(), fields.text(body, "slug").lower()
    try:
        model = api.state.models.create(
            owner, slug, details, is_private=fields.flag(body, "isPrivate", default=True)
        )
    except TitleTaken:
        return {"error": f'The requested slug "{slug}" is already in use by a model.'}
    return _created(api, model.id, model.slug)


def create_model_instance(api: Api, body: Body) -> dict[str, Any]:
    request = body.get("body") or {}
    variation = _variation({**body, **request})
    uploads = read_uploads(request)
    details = {
        "title": variation.name,
        "license": fields.text(request, "licenseName"),
        "description": fields.text(request, "overview"),
    }
    try:
        version = api.state.models.add_variation(variation, details, uploads)
    except TitleTaken:
        return {"error": f'The variation "{variation}" exists already.'}
    api.state.datasets.process(version, uploads)
    return _created(api, version.dataset.id, str(variation))


def create_model_instance_version(api: Api, body: Body) -> dict[str, Any]:
    request = body.get("body") or {}
    variation, uploads = _variation(body), read_uploads(request)
    notes = fields.text(request, "versionNotes")
    version = api.state.models.add_version(variation, notes, uploads)
    api.state.datasets.process(version, uploads)
    return _created(api, version.dataset.id, str(variation))


def get_model(api: Api, body: Body) -> dict[str, Any]:
    owner, slug = fields.text(body, "ownerSlug"), fields.text(body, "modelSlug")
    try:
        return _model(api, api.state.models.find(owner, slug))
    except ApiError:
        if not api.state.models.exists(f"{owner}/{slug}"):
            raise
        # A folder of this machine stands for one of its versions.
        return {"ref": f"{owner}/{slug}", "title": slug, "author": owner, "slug": slug}


def list_models(api: Api, body: Body) -> dict[str, Any]:
    search, owner = fields.text(body, "search").lower(), fields.text(body, "owner").lower()
    matches = [
        one
        for one in api.state.models.all()
        if search in f"{one.slug} {one.title}".lower() and one.slug.startswith(owner)
    ]
    offset, size = fields.page(body)
    page = matches[offset : offset + size + 1]
    return wire.paged("models", page, body, lambda one: _model(api, one))


def get_model_instance(api: Api, body: Body) -> dict[str, Any]:
    return _instance(api, api.state.models.newest(_variation(body)))


def list_version_files(api: Api, body: Body) -> dict[str, Any]:
    version = _version(api, body)
    offset, size = fields.page(body)
    page = sorted(regular_files(version.folder))[offset : offset + size + 1]
    return wire.paged("files", page, body, lambda path: _file(version, path))


def download_version(api: Api, body: Body) -> Response:
    """Redirect to one file, or to an archive of all."""
    version, name = _version(api, body), fields.text(body, "path")
    if not name:
        return RedirectResponse(api.signed_urls.file(api.state.datasets.archive(version)), 302)
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


def _created(api: Api, number: int, reference: str) -> dict[str, Any]:
    return {
        "id": number,
        "ref": f"/{reference}",
        "url": f"{api.site}/models/{reference}",
        "error": "",
    }


def _model(api: Api, model: Dataset) -> dict[str, Any]:
    owner, slug = model.slug.split("/")
    return {
        "id": model.id,
        "ref": model.slug,
        "title": model.title,
        "subtitle": model.subtitle,
        "author": owner,
        "slug": slug,
        "isPrivate": model.is_private,
        "description": model.description,
        "instances": [_instance(api, version) for version in api.state.models.variations(model)],
        "tags": [],
        "url": f"{api.site}/models/{model.slug}",
        "updateTime": wire.time(model.created_at),
    }


def _instance(api: Api, version: DatasetVersion) -> dict[str, Any]:
    owner, model, framework, name = version.dataset.slug.split("/")
    return {
        "id": version.dataset.id,
        "slug": name,
        "framework": f"MODEL_FRAMEWORK_{_FRAMEWORKS.get(framework, framework.upper())}",
        "overview": version.dataset.description,
        "versionId": version.number,
        "versionNumber": version.number,
        "trainingData": [],
        "url": f"{api.site}/models/{owner}/{model}/{framework}/{name}",
        "licenseName": version.dataset.license,
        "totalUncompressedBytes": sum(
            path.stat().st_size for path in regular_files(version.folder)
        ),
    }


def _file(version: DatasetVersion, path: Path) -> dict[str, Any]:
    status = path.stat()
    return {
        "name": path.relative_to(version.folder).as_posix(),
        "size": status.st_size,
        "creationDate": wire.time(status.st_mtime),
    }


METHODS: Methods = {
    "CreateModel": create_model,
    "CreateModelInstance": create_model_instance,
    "CreateModelInstanceVersion": create_model_instance_version,
    "GetModel": get_model,
    "ListModels": list_models,
    "GetModelInstance": get_model_instance,
    "ListModelInstanceVersionFiles": list_version_files,
    "DownloadModelInstanceVersion": download_version,
}
