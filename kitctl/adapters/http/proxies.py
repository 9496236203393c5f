"""The proxies that the environment or the system names, read as the official client does."""

from __future__ import annotations

import base64
import os
import sys
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from kitctl.errors import NetworkFailed

SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")


class Proxy(NamedTuple):
    """A proxy's address, the variable that names it, and the login for it (None: none)."""

    scheme: str
    address: str
    variable: str
    username: str | None
    password: str | None

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.address}"


def proxy_for(scheme: str, host: str) -> Proxy | None:
    """Return the proxy on the way to the host; None where there is none.

    Raises:
        NetworkFailed: that is no address, or one of a kind that kitctl cannot use.
    """
    is_named = any(name.lower().endswith("_proxy") for name in os.environ)
    if not is_named and sys.platform not in {"darwin", "win32"}:
        return None
    # Loaded only where there may be one.
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    name = scheme if proxies.get(scheme) else "all"
    address = proxies.get(name)
    if not address or proxy_bypass(host):
        return None
    return _parse(address, f"{name}_proxy")


def _parse(address: str, variable: str) -> Proxy:
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        host, port = parts.hostname, parts.port
    except ValueError:  # Such as http://[half or http://host:text
        raise _unusable(
            f"The address of the proxy in {variable} cannot be read.", variable
        ) from None
    if parts.scheme not in SCHEMES:
        raise _unusable(f"kitctl cannot use a proxy of the kind {parts.scheme}://.", variable)
    if not host or port == 0:
        raise _unusable(f"The proxy in {variable} has no host, or the port 0.", variable)
    return Proxy(
        parts.scheme,
        parts.netloc.rpartition("@")[2],
        variable,
        None if parts.username is None else unquote(parts.username),
        None if parts.password is None else unquote(parts.password),
    )


def _unusable(message: str, variable: str) -> NetworkFailed:
    # The address is left out: it may hold a password.
    return NetworkFailed(
        message,
        code="proxy",
        hint=f"Set {variable} to an address that begins with"
        f" {', '.join(f'{scheme}://' for scheme in SCHEMES[:-1])} or {SCHEMES[-1]}://.",
    )


def basic_auth(username: str, password: str) -> str:
    """Return the value of an Authorization header for a user name with a password."""
    pair = f"{username}:{password}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
