"""Authentication: every request but those of signed URLs must carry the state folder's token."""

from __future__ import annotations

import base64
import binascii
import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from kitctl.local.http.error_bodies import error_response
from kitctl.local.state.settings import ServerSettings


class TokenAuth:
    """ASGI middleware that answers 401 to a request without the token.

    The token comes as a bearer token, or as the password of basic authentication with the
    account's name (Kaggle's legacy API key).
    """

    def __init__(self, app: ASGIApp, token: str, account: str, settings: ServerSettings) -> None:
        self._app = app
        self._token = token
        self._account = account
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._needs_no_token(scope) or self._is_allowed(Headers(scope=scope)):
            await self._app(scope, receive, send)
        else:
            response = error_response(self._settings, 401, "Unauthenticated")
            await response(scope, receive, send)

    def _needs_no_token(self, scope: Scope) -> bool:
        path: str = scope.get("path", "")
        return scope["type"] != "http" or path.startswith("/_files/")

    def _is_allowed(self, headers: Headers) -> bool:
        scheme, _, value = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                name, _, value = base64.b64decode(value, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return False
            if name != self._account:
                return False
        elif scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(value.encode(), self._token.encode())
