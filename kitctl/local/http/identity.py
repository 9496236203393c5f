"""`security.OAuthService`: whose token it is."""

from __future__ import annotations

import hmac
from typing import Any

from kitctl.local.http import fields
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.fields import Body


def introspect_token(api: Api, body: Body) -> dict[str, Any]:
    if not hmac.compare_digest(fields.text(body, "token").encode(), api.token.encode()):
        return {"active": False}
    return {"active": True, "username": api.state.account, "userId": 1, "scope": ""}


METHODS: Methods = {"IntrospectToken": introspect_token}
