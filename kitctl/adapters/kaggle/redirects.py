"""Redirects: the credentials go to Kaggle's own address only, as signed storage needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import SplitResult, urljoin, urlsplit

from kitctl.adapters.http import HttpClient, Request, StreamedResponse, TransportError

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 5


@contextmanager
def follow_redirects(
    request: Request, response: StreamedResponse, base: str, *, direct: bool
) -> Iterator[StreamedResponse]:
    """Return the response that redirects lead to, which is the one given where there are none.

    `base` is where the request was sent.

    Raises:
        TransportError: they lead nowhere, or from https to http.
    """
    origin = urlsplit(base)
    url = f"{base}{request.path}"
    with ExitStack() as until_end:
        for _ in range(MAX_REDIRECTS):
            location = response.headers.get("Location")
            if response.status not in REDIRECTS or not location:
                yield response
                return
            url = _target(url, location)
            target = urlsplit(url)
            client = HttpClient(_address(target), direct=direct)
            response = until_end.enter_context(
                client.stream(_without_credentials(request, target, origin))
            )
        raise TransportError("There were too many redirects.")


def _target(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        parts = urlsplit(target)
        is_usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    # The address is left out: it may be signed.
    if not is_usable or parts.scheme not in {urlsplit(url).scheme, "https"}:
        raise TransportError("Kaggle redirects to an address that cannot be used.")
    return target


def _without_credentials(request: Request, target: SplitResult, origin: SplitResult) -> Request:
    path = f"{target.path or '/'}?{target.query}" if target.query else target.path or "/"
    left_out = {"content-type", "accept-encoding"} if request.body is not None else set()
    if _address(target) != _address(origin):
        left_out.add("authorization")
    headers = {
        name: value for name, value in request.headers.items() if name.lower() not in left_out
    }
    return request._replace(method="GET", path=path, headers=headers, body=None)


def _address(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc}"
