"""`models.ModelApiService`: whether a model is there; folders of this machine stand for models."""

from __future__ import annotations

from typing import Any

from kitctl.local.http import fields
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.fields import Body
from kitctl.local.state.errors import not_found


def get_model(api: Api, body: Body) -> dict[str, Any]:
    owner, slug = fields.text(body, "ownerSlug"), fields.text(body, "modelSlug")
    if not api.state.datasets.stands_for_model(f"{owner}/{slug}"):
        raise not_found(f'There is no model "{owner}/{slug}".')
    return {"ref": f"{owner}/{slug}", "title": slug, "author": owner, "slug": slug}


METHODS: Methods = {"GetModel": get_model}
