"""Whose token it is, and new access tokens of an OAuth login."""

from __future__ import annotations

from typing import Any

from kitctl.local.http import fields, wire
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.fields import Body
from kitctl.local.state.errors import ApiError

USER_ID = 1
LONGEST_TOKEN_SECONDS = 12 * 3600.0


def introspect_token(api: Api, body: Body) -> dict[str, Any]:
    if not api.tokens.is_active(fields.text(body, "token")):
        return {"active": False}
    return {"active": True, "username": api.state.account, "userId": USER_ID, "scope": ""}


def generate_access_token(api: Api, body: Body) -> dict[str, Any]:
    """Return a new access token for a refresh token, which stands for the request's credentials."""
    if not api.tokens.is_refresh_token(fields.text(body, "refreshToken")):
        raise ApiError(401, "Invalid refresh token")
    seconds = wire.seconds(fields.text(body, "expirationDuration")) or LONGEST_TOKEN_SECONDS
    token, expires_in = api.tokens.new_access_token(seconds)
    return {
        "token": token,
        "expiresIn": expires_in,
        "userName": api.state.account,
        "userId": USER_ID,
    }


def hello(api: Api, body: Body) -> dict[str, Any]:
    return {"userName": api.state.account}


OAUTH_METHODS: Methods = {"IntrospectToken": introspect_token}
ACCOUNT_METHODS: Methods = {"GenerateAccessToken": generate_access_token}
DIAGNOSTICS_METHODS: Methods = {"Hello": hello}
