"""Errors as JSON, in both of the forms in which Kaggle's services write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

from kitctl.local.state.settings import ServerSettings

# What Google's APIs call a status.
NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    413: "OUT_OF_RANGE",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def error_response(
    settings: ServerSettings, status: int, message: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return an error in the form that the setting `nested_errors` chooses."""
    body = nested(status, message) if settings["nested_errors"] else flat(status, message)
    return JSONResponse(body, status, headers)


def nested(status: int, message: str) -> dict[str, Any]:
    return {
        "error": {"code": status, "message": message, "status": NAMES.get(status, "UNKNOWN")},
    }


def flat(status: int, message: str) -> dict[str, Any]:
    return {"code": status, "message": message}
