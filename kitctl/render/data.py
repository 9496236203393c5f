"""Results as JSON: snake_case keys, ISO 8601 times in UTC, durations in seconds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import PurePath
from typing import Any

from kitctl.errors import KitError, hint_text
from kitctl.render.safe_text import UNSAFE

SCHEMA = "kitctl/1"


def to_data(value: object) -> Any:
    """Return a result as JSON's own types; a dataclass becomes an object of its fields.

    A result whose JSON differs from its fields has a method `as_data` that returns the mapping.
    """
    if hasattr(value, "as_data"):
        return to_data(value.as_data())
    if is_dataclass(value):
        return to_data({field.name: getattr(value, field.name) for field in fields(value)})
    if isinstance(value, Enum):
        return to_data(value.value)
    if isinstance(value, Mapping):
        return {str(key): _rounded(str(key), to_data(item)) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_data(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None  # JSON has no such numbers.
    return value


def _rounded(key: str, value: Any) -> Any:
    """Return a duration in seconds with three decimals, and anything else as it is."""
    return round(value, 3) if isinstance(value, float) and key.endswith("seconds") else value


def success(command: str, data: object) -> dict[str, Any]:
    """Return the envelope of a success."""
    return {"schema": SCHEMA, "command": command, "ok": True, "data": to_data(data)}


def failure(
    command: str, error: KitError, hint: str | None = None, data: object = None
) -> dict[str, Any]:
    """Return the envelope of a failure; `data` is the result that there is all the same."""
    fields: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "hint": hint_text(error.hint) if hint is None else hint,
    }
    if error.problems:
        fields["problems"] = to_data(error.problems)
    envelope = {"schema": SCHEMA, "command": command, "ok": False, "error": fields}
    return envelope if data is None else {**envelope, "data": to_data(data)}


def encode(envelope: Mapping[str, Any], encoding: str | None) -> str:
    """Return one line of JSON; what the stream cannot encode or a terminal obeys is escaped."""
    carries_all = (encoding or "").lower().replace("-", "") in {"utf8", "utf8sig"}
    text = json.dumps(envelope, ensure_ascii=not carries_all, allow_nan=False)
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
