"""The option `--set KEY=VALUE`: settings of a job that the command line replaces."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any

from kitctl.errors import InvalidInput


def parse_overrides(options: Sequence[str]) -> dict[str, Any]:
    """Return the settings of `KEY=VALUE` options; values are TOML (`3`, `[96, 96]`), else text.

    Raises InvalidInput for an option without a key.
    """
    overrides = {}
    for option in options:
        key, equals, value = option.partition("=")
        if not equals or not key.strip():
            raise InvalidInput(
                f"--set {option} has no KEY=VALUE form.",
                code="settings",
                hint="For example: --set epochs=10 --set base=vgg16",
            )
        overrides[key.strip()] = _value(value.strip())
    return overrides


def split_values(text: str) -> list[str]:
    """Return the parts of `6,32` or `[6],[32,16]`: a comma inside brackets separates nothing."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "[{") - (character in "]}")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def _value(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):  # Also of a number with thousands of digits.
        return text
    value = parsed["value"]
    # A TOML date has no form in JSON; a line break would add a second key.
    return value if len(parsed) == 1 and _is_json(value) else text


def _is_json(value: object) -> bool:
    if isinstance(value, list):
        return all(_is_json(item) for item in value)
    if isinstance(value, dict):
        return all(_is_json(item) for item in value.values())
    return isinstance(value, str | int | float | bool)
