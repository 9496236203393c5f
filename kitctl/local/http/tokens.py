"""Tokens: the state folder's own, which never ends, and the access tokens of an OAuth login."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from kitctl.local.state.clock import ServerClock
from kitctl.local.state.settings import ServerSettings


class Tokens:
    """Issue and verify tokens. All follow from the folder's token, so a restart keeps them."""

    def __init__(self, token: str, clock: ServerClock, settings: ServerSettings) -> None:
        self._token = token
        self._clock = clock
        self._settings = settings

    @property
    def refresh_token(self) -> str:
        """The token with which an OAuth login asks for access tokens."""
        return self._sign("refresh")

    def new_access_token(self, seconds: float) -> tuple[str, int]:
        """Return an access token and how many seconds it lasts: at most `access_token_seconds`."""
        lasts = int(min(seconds, self._settings["access_token_seconds"]))
        payload = f"{self._clock.now() + lasts:.3f}-{secrets.token_hex(4)}"
        return f"{payload}-{self._sign(payload)}", lasts

    def is_own(self, token: str) -> bool:
        """Return whether a token is the folder's own."""
        return hmac.compare_digest(token.encode(), self._token.encode())

    def is_refresh_token(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self.refresh_token.encode())

    def is_active(self, token: str) -> bool:
        """Return whether a token gives access now."""
        return self.is_own(token) or self._is_access_token(token)

    def _is_access_token(self, token: str) -> bool:
        payload, _, signature = token.rpartition("-")
        if not hmac.compare_digest(signature.encode(), self._sign(payload).encode()):
            return False
        ends_at = float(payload.split("-")[0])
        return self._clock.now() < ends_at

    def _sign(self, payload: str) -> str:
        key = f"kitctl local tokens {self._token}".encode()
        return hmac.new(key, payload.encode(), hashlib.sha256).hexdigest()
