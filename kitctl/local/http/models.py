"""`models.ModelApiService`: models (their variations: model_variations.py)."""

from __future__ import annotations

from typing import Any

from kitctl.local.http import fields, wire
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.fields import Body
from kitctl.local.state.errors import ApiError, TitleTaken
from kitctl.local.state.files import regular_files
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
        "publishTime": fields.text(body, "publishTime"),
        "provenanceSources": fields.text(body, "provenanceSources"),
    }
    owner, slug = fields.text(body, "ownerSlug").lower(), fields.text(body, "slug").lower()
    try:
        model = api.state.models.create(
            owner, slug, details, is_private=fields.flag(body, "isPrivate", default=True)
        )
    except TitleTaken:
        return {"error": f'The requested slug "{slug}" is already used by another model.'}
    return created(api, model.id, model.slug)


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
        if search in f"{one.slug} {one.title}".lower() and owner in ("", one.slug.partition("/")[0])
    ]
    offset, size = fields.page(body)
    page = matches[offset : offset + size + 1]
    return wire.paged("models", page, body, lambda one: _model(api, one))


def update_model(api: Api, body: Body) -> dict[str, Any]:
    """Change the fields that the mask names, also to empty ones."""
    model = api.state.models.own(fields.text(body, "ownerSlug"), fields.text(body, "modelSlug"))
    mask = fields.masked(body)
    named = ("title", "subtitle", "description", "publishTime", "provenanceSources")
    api.state.datasets.set_details(
        model,
        {name: fields.text(body, name) for name in named if name in mask},
        is_private=fields.flag(body, "isPrivate") if "isPrivate" in mask else None,
    )
    return created(api, model.id, model.slug)


def delete_model(api: Api, body: Body) -> dict[str, Any]:
    owner, slug = fields.text(body, "ownerSlug"), fields.text(body, "modelSlug")
    api.state.models.delete(api.state.models.own(owner, slug))
    return {"error": ""}


def created(api: Api, number: int, reference: str) -> dict[str, Any]:
    """Return the response of what makes or changes a model or a variation."""
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
        **{name: value for name, value in model.details.items() if value},
        "instances": [instance(api, version) for version in api.state.models.variations(model)],
        "tags": [],
        "url": f"{api.site}/models/{model.slug}",
        "updateTime": wire.time(model.created_at),
    }


def instance(api: Api, version: DatasetVersion) -> dict[str, Any]:
    """Return a variation as the API shows it, by one of its versions."""
    owner, model, framework, name = version.dataset.slug.split("/")
    return {
        "id": version.dataset.id,
        "slug": name,
        "framework": f"MODEL_FRAMEWORK_{_FRAMEWORKS.get(framework, framework.upper())}",
        "overview": version.dataset.description,
        "versionId": version.number,
        "versionNumber": version.number,
        **version.dataset.details,
        "url": f"{api.site}/models/{owner}/{model}/{framework}/{name}",
        "licenseName": version.dataset.license,
        "totalUncompressedBytes": sum(
            path.stat().st_size for path in regular_files(version.folder)
        ),
    }


METHODS: Methods = {
    "CreateModel": create_model,
    "GetModel": get_model,
    "ListModels": list_models,
    "UpdateModel": update_model,
    "DeleteModel": delete_model,
}
