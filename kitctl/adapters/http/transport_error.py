"""Requests that got no response, or only a part of one: the cause of each, for the user."""

from __future__ import annotations

import errno
import os
import re
import ssl
from collections.abc import Iterator

from kitctl.adapters.http.certificates import VARIABLES
from kitctl.adapters.http.proxies import Proxy

OPEN_IN_BROWSER = "Open https://www.kaggle.com in a browser on this network, then try again."

# The system's numbers for: no network, no way to the host.
_NO_NETWORK = {errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL}


class TransportError(Exception):
    """No response came, or only a part of it; the text is a sentence for the user.

    `refused` is True where the server surely did not act on the request; `lasting` where the cause
    stays until somebody changes something, so that a repetition is of no use.
    """

    def __init__(
        self,
        message: str,
        *,
        refused: bool = False,
        code: str = "unreachable",
        hint: str = "Check the connection, then try again.",
        lasting: bool = False,
    ) -> None:
        super().__init__(message)
        self.refused = refused
        self.code = code
        self.hint = hint
        self.lasting = lasting


def late(host: str) -> TransportError:
    """Return the error of a response that did not come in time."""
    return TransportError(f"{host} did not answer in time.")


def lost(error: Exception, host: str) -> TransportError:
    """Return the error of a request that was sent, at least in part."""
    from urllib3.exceptions import TimeoutError

    if isinstance(error, TimeoutError):
        return late(host)
    return TransportError(f"The connection to {host} broke off.")


def too_large(host: str) -> TransportError:
    """Return the error of a response that is larger than any answer of Kaggle's."""
    return TransportError(
        f"{host} sent an answer without an end: a proxy or another program answers for it.",
        code="not_kaggle",
        hint=OPEN_IN_BROWSER,
        lasting=True,
    )


def unsent(error: Exception, host: str, proxy: Proxy | None) -> TransportError:
    """Return the error of a request that the server surely did not get."""
    from urllib3.exceptions import (
        NameResolutionError,
        NewConnectionError,
        ProxyError,
        SSLError,
        TimeoutError,
    )

    causes = list(_causes(error))
    if proxy and (refusal := _proxy_refusal(causes, host, proxy)):
        return refusal
    whose = f"the proxy {proxy.address}" if proxy and isinstance(error, ProxyError) else host
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _untrusted(cause, host, whose)
    if isinstance(error, SSLError):
        return TransportError(f"The secure connection to {host} failed.", refused=True)
    if proxy:
        return TransportError(
            f"The proxy to {host}, {proxy.address}, did not answer.",
            refused=True,
            code="proxy",
            hint=f"Check the proxy that {proxy.variable} names.",
        )
    numbers = {cause.errno for cause in causes if isinstance(cause, OSError)}
    if numbers & _NO_NETWORK or any(isinstance(cause, NameResolutionError) for cause in causes):
        return TransportError(
            f"There is no network: {host} could not be reached.", refused=True, code="no_network"
        )
    # urllib3 counts a refused connection among the timeouts.
    if isinstance(error, TimeoutError) and not isinstance(error, NewConnectionError):
        return TransportError(f"{host} did not answer in time.", refused=True)
    return TransportError(f"{host} could not be reached.", refused=True)


def password_required(host: str, proxy: Proxy) -> TransportError:
    """Return the error of a proxy that wants another login, or one at all."""
    action = "asks for a password" if proxy.username is None else "refuses this name or password"
    return TransportError(
        f"The proxy to {host}, {proxy.address}, {action}.",
        refused=True,
        code="proxy",
        hint=f"{proxy.variable}={proxy.scheme}://NAME:PASSWORD@{proxy.address}",
        lasting=True,
    )


def _proxy_refusal(causes: list[BaseException], host: str, proxy: Proxy) -> TransportError | None:
    for cause in causes:
        if type(cause).__name__ == "SOCKS5AuthError":
            return password_required(host, proxy)
        answer = re.search(r"Tunnel connection failed: (\d{3})", str(cause))
        if answer and answer[1] == "407":
            return password_required(host, proxy)
        if answer:
            return TransportError(
                f"The proxy to {host}, {proxy.address}, gives no connection (HTTP {answer[1]}).",
                refused=True,
                code="proxy",
                hint=f"Ask who runs the proxy that {proxy.variable} names to admit {host}.",
                lasting=answer[1] in {"403", "405"},
            )
    return None


def _untrusted(error: ssl.SSLCertVerificationError, host: str, whose: str) -> TransportError:
    variable = next((name for name in VARIABLES if os.environ.get(name)), "")
    # A network that reads all traffic has a certificate of its own.
    hint = "Name the certificates of this network in a file: REQUESTS_CA_BUNDLE=FILE"
    if variable:
        hint = f"The certificates are those in {os.environ[variable]}: fix {variable}, or unset it."
    if "expired" in error.verify_message or "not yet valid" in error.verify_message:
        hint = "Check this machine's clock."
    return TransportError(
        f"The secure connection to {host} failed: the certificate of {whose} is not trusted"
        f" ({error.verify_message}).",
        refused=True,
        code="certificates",
        hint=hint,
        lasting=True,
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that stand behind it, each once."""
    pending, seen = [error], set[int]()
    while pending:
        cause = pending.pop()
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        behind = (cause.__cause__, cause.__context__, *cause.args)
        pending += [item for item in behind if isinstance(item, BaseException)]
