"""The connections of urllib3, directly or through a proxy: loaded with the first request."""

from __future__ import annotations

from http.client import HTTPException, HTTPResponse
from typing import Any

from urllib3 import HTTPConnectionPool, PoolManager, ProxyManager

from kitctl.adapters.http.proxies import Proxy, basic_auth
from kitctl.errors import NetworkFailed

MAX_INTERIM_ANSWERS = 20


class FinalResponse(HTTPResponse):
    """The answer that follows interim ones, such as 103 Early Hints.

    Python takes one of these for the answer, and each later answer for that to the request before.
    """

    def begin(self) -> None:
        super().begin()
        for _ in range(MAX_INTERIM_ANSWERS):
            if self.status == 101 or not 100 <= self.status < 200:
                return
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()
        raise HTTPException("There is no answer behind all the interim ones.")


def pool_manager(proxy: Proxy | None, **options: Any) -> PoolManager:
    """Return the connections to one address.

    Raises:
        NetworkFailed: the package for the proxy's kind is missing.
    """
    pools = _pools(proxy, options)
    pools.pool_classes_by_scheme = {
        scheme: _with_final_responses(pool_class)
        for scheme, pool_class in pools.pool_classes_by_scheme.items()
    }
    return pools


def _with_final_responses(pool_class: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
    connection = type(
        "FinalConnection", (pool_class.ConnectionCls,), {"response_class": FinalResponse}
    )
    return type("FinalPool", (pool_class,), {"ConnectionCls": connection})


def _pools(proxy: Proxy | None, options: dict[str, Any]) -> PoolManager:
    if proxy is None:
        return PoolManager(**options)
    if proxy.scheme.startswith("socks"):
        from importlib.util import find_spec

        if find_spec("socks") is None:
            raise NetworkFailed(
                f"{proxy.variable} names a SOCKS proxy, and the package for it is missing.",
                code="proxy",
                hint="pip install 'urllib3[socks]'",
            )
        from urllib3.contrib.socks import SOCKSProxyManager

        return SOCKSProxyManager(proxy.url, proxy.username, proxy.password, **options)
    headers = None
    if proxy.username is not None:
        headers = {"Proxy-Authorization": basic_auth(proxy.username, proxy.password or "")}
    return ProxyManager(
        proxy.url,
        proxy_headers=headers,
        proxy_ssl_context=options["ssl_context"],
        **options,
    )
