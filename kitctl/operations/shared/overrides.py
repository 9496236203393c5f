"""`--set KEY=VALUE`: settings of a job that a command line replaces."""

from __future__ import annotations

import tomllib
from typing import Any

from kitctl.errors import InvalidInput


def parse_overrides(words: list[str]) -> dict[str, Any]:
    """`KEY=VALUE` words as settings: values are TOML (`3`, `true`, `[96, 96]`), else plain text.

    Raises InvalidInput for a word without a key.
    """
    overrides = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.strip():
            raise InvalidInput(
                f"--set {word} has no KEY=VALUE form.",
                code="settings",
                hint="For example: --set epochs=10 --set base=vgg16",
            )
        overrides[key.strip()] = _value(value.strip())
    return overrides


def _value(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    value = parsed["value"]
    # A TOML date has no JSON; a line break would smuggle in a second key.
    return value if len(parsed) == 1 and _is_json(value) else text


def _is_json(value: object) -> bool:
    if isinstance(value, list):
        return all(_is_json(item) for item in value)
    if isinstance(value, dict):
        return all(_is_json(item) for item in value.values())
    return isinstance(value, str | int | float | bool)
