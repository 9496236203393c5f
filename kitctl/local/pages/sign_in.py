"""Signing a browser in: a link that works once, then a cookie; and which requests pages answer."""

from __future__ import annotations

import secrets
import threading
import time
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "kitctl_local"
LINK_SECONDS = 120.0
# A browser that is closed forgets the cookie; a server that is restarted forgets all of them.
SIGNED_IN_SECONDS = 12 * 3600.0


class SignIns:
    """The links that were handed out and the browsers that are signed in, in memory only."""

    def __init__(self, site: str) -> None:
        address = urlsplit(site)
        self._site = site
        self._hosts = {address.netloc, f"localhost:{address.port}"}
        self._lock = threading.Lock()
        self._links: dict[str, float] = {}
        self._cookies: dict[str, float] = {}

    def link(self) -> str:
        """Return an address that signs in the first browser that opens it soon."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._links[code] = time.monotonic() + LINK_SECONDS
        return f"{self._site}/sign-in/{code}"

    def sign_in(self, code: str) -> str | None:
        """Return a new cookie's value for the code of a link; None where it was used or is old."""
        now = time.monotonic()
        with self._lock:
            until = self._links.pop(code, 0.0)
            self._links = {each: end for each, end in self._links.items() if end > now}
            if until <= now:
                return None
            value = secrets.token_urlsafe(32)
            self._cookies[value] = now + SIGNED_IN_SECONDS
            return value

    def is_own_host(self, request: Request) -> bool:
        """Return whether a request names this server: other names may be another site's trick."""
        return request.headers.get("host", "") in self._hosts

    def is_from_elsewhere(self, request: Request) -> bool:
        """Return whether another site's page has sent the request."""
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc not in self._hosts:
            return True
        return request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}

    def is_signed_in(self, request: Request) -> bool:
        until = self._cookies.get(request.cookies.get(COOKIE, ""), 0.0)
        return until > time.monotonic()


def set_cookie(response: Response, value: str) -> None:
    """Give the browser the cookie: no script reads it, and no other site makes it be sent."""
    response.set_cookie(COOKIE, value, httponly=True, samesite="strict", path="/")
