"""Authentication: every request but those of signed URLs must carry a token."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from kitctl.local.http.error_bodies import error_response
from kitctl.local.http.tokens import Tokens
from kitctl.local.state.settings import ServerSettings

# A refresh token in the body stands for the credentials.
OPEN_METHODS = ("GenerateAccessToken",)
# With the setting `legacy_key_refused`.
NO_LEGACY_KEY = ("ListKernels", "GetAcceleratorQuotaStatistics", "GetKernelSessionStatus")


class TokenAuth:
    """ASGI middleware that answers 401 to a request without an active token.

    The folder's token or an access token comes as a bearer token; the folder's token may also be
    the password of basic authentication with the account's name (Kaggle's legacy API key).
    `is_page` takes method and path: pages for a browser sign it in themselves.
    """

    def __init__(
        self,
        app: ASGIApp,
        tokens: Tokens,
        account: str,
        settings: ServerSettings,
        is_page: Callable[[str, str], bool],
    ) -> None:
        self._app = app
        self._is_page = is_page
        self._tokens = tokens
        self._account = account
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._needs_no_token(scope) or self._is_allowed(scope):
            await self._app(scope, receive, send)
        else:
            response = error_response(self._settings, 401, "Unauthenticated")
            await response(scope, receive, send)

    def _needs_no_token(self, scope: Scope) -> bool:
        if scope["type"] != "http":
            return True
        path: str = scope["path"]
        if self._is_page(scope["method"], path):
            return True
        return path.startswith("/_files/") or _method(path) in OPEN_METHODS

    def _is_allowed(self, scope: Scope) -> bool:
        scheme, _, value = Headers(scope=scope).get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._tokens.is_active(value)
        if scheme.lower() != "basic":
            return False
        if self._settings["legacy_key_refused"] and _method(scope["path"]) in NO_LEGACY_KEY:
            return False
        try:
            name, _, key = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        return name == self._account and self._tokens.is_own(key)


def _method(path: str) -> str:
    return path.rsplit("/", 1)[-1]
