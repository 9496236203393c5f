"""HTTP on urllib3, loaded with the first request: `--help` needs none of it."""

from kitctl.adapters.http.client import (
    FileBody,
    HttpClient,
    Request,
    Response,
    StreamedResponse,
    basic_auth,
)
from kitctl.adapters.http.retry_after import retry_after
from kitctl.adapters.http.transport_error import TransportError

__all__ = [
    "FileBody",
    "HttpClient",
    "Request",
    "Response",
    "StreamedResponse",
    "TransportError",
    "basic_auth",
    "retry_after",
]
