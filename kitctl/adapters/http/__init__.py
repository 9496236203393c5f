"""HTTP on urllib3, loaded with the first request: `--help` needs none of it."""

from kitctl.adapters.http.client import (
    HttpClient,
    Request,
    Response,
    StreamedResponse,
    TransportError,
    basic_auth,
)

__all__ = [
    "HttpClient",
    "Request",
    "Response",
    "StreamedResponse",
    "TransportError",
    "basic_auth",
]
