"""HTTP on urllib3, loaded with the first request: `--help` needs none of it."""

from kitctl.adapters.http.client import FileBody, HttpClient, Request
from kitctl.adapters.http.proxies import basic_auth
from kitctl.adapters.http.response import Response, StreamedResponse
from kitctl.adapters.http.retry_after import retry_after
from kitctl.adapters.http.transport_error import OPEN_IN_BROWSER, TransportError

__all__ = [
    "OPEN_IN_BROWSER",
    "FileBody",
    "HttpClient",
    "Request",
    "Response",
    "StreamedResponse",
    "TransportError",
    "basic_auth",
    "retry_after",
]
