"""`competitions.CompetitionApiService` and `models.ModelApiService`: only whether one is there.

Folders of this machine stand for competitions and models; there are no others.
"""

from __future__ import annotations

from typing import Any

from kitctl.local.http import fields
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.fields import Body
from kitctl.local.state.errors import not_found


def get_competition(api: Api, body: Body) -> dict[str, Any]:
    slug = fields.text(body, "competitionName").lower()
    if api.state.datasets.stand_in("competitions", slug) is None:
        raise not_found(f'There is no competition "{slug}".')
    return {"ref": slug, "title": slug, "userHasEntered": True}


def get_model(api: Api, body: Body) -> dict[str, Any]:
    owner, slug = fields.text(body, "ownerSlug"), fields.text(body, "modelSlug")
    if not api.state.datasets.stands_for_model(f"{owner}/{slug}"):
        raise not_found(f'There is no model "{owner}/{slug}".')
    return {"ref": f"{owner}/{slug}", "title": slug, "author": owner, "slug": slug}


COMPETITION_METHODS: Methods = {"GetCompetition": get_competition}
MODEL_METHODS: Methods = {"GetModel": get_model}
