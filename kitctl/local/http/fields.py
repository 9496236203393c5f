"""The JSON body of a request and its typed fields; a field of the wrong type is a bad request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from starlette.requests import Request

from kitctl.local.state.errors import ApiError, bad_request

Body = Mapping[str, Any]
Value = TypeVar("Value")

DEFAULT_PAGE = 20
LARGEST_PAGE = 200
# A script of the largest size with every character escaped stays below this.
LARGEST_BODY_BYTES = 16 << 20


async def read_body(request: Request) -> Body:
    """Return a request's JSON object; an empty body is an empty object.

    Raises:
        ApiError: 413 for a body that is too large, 400 for one that is not a JSON object.
    """
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > LARGEST_BODY_BYTES:
            raise ApiError(413, "The request is too large.")
    try:
        body = json.loads(received or b"{}")
    except ValueError as error:
        raise bad_request("The request is not JSON.") from error
    if not isinstance(body, dict):
        raise bad_request("The request is not a JSON object.")
    return body


def text(body: Body, name: str) -> str:
    """Return a string field; "" when it is missing or null."""
    return _typed(body, name, str, "")


def flag(body: Body, name: str, *, default: bool = False) -> bool:
    """Return a boolean field; `default` when it is missing or null."""
    return _typed(body, name, bool, default)


def number(body: Body, name: str) -> int | None:
    """Return an integer field; None when it is missing or null."""
    return None if body.get(name) is None else _typed(body, name, int, 0)


def texts(body: Body, name: str) -> tuple[str, ...]:
    """Return a field that is a list of strings; empty when it is missing or null."""
    values = _typed(body, name, list, [])
    if not all(isinstance(value, str) for value in values):
        raise bad_request(f'"{name}" must be a list of strings.')
    return tuple(values)


def objects(body: Body, name: str) -> list[Body]:
    """Return a field that is a list of objects; empty when it is missing or null."""
    values = _typed(body, name, list, [])
    if not all(isinstance(value, Mapping) for value in values):
        raise bad_request(f'"{name}" must be a list of objects.')
    return values


def masked(body: Body) -> frozenset[str]:
    """Return the fields that `updateMask` names; one of them that is missing is to be emptied."""
    return frozenset(name for name in text(body, "updateMask").split(",") if name)


def page(body: Body) -> tuple[int, int]:
    """Return the offset and the size of the requested page."""
    size = number(body, "pageSize") or DEFAULT_PAGE
    if size < 1:
        raise bad_request("Page size must be >= 1")
    size = min(size, LARGEST_PAGE)
    token = text(body, "pageToken")
    if token and not token.isdecimal():
        raise bad_request("Invalid page token.")
    return int(token) if token else (max(number(body, "page") or 1, 1) - 1) * size, size


def _typed(body: Body, name: str, kind: type[Value], default: Value) -> Value:
    value = body.get(name)
    if value is None:
        return default
    # A bool is an int to Python, but not in JSON.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise bad_request(f'"{name}" must be of type {kind.__name__}.')
    return value
