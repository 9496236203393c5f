"""What a run reports of itself in run.json and metrics.json.

The files come from outside: what is missing or of another type is left out, and is no error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kitctl.domain.results.run_log import PHOTO_PHASES
from kitctl.domain.runs.run import Facts
from kitctl.domain.runs.weeks import seconds_of

LARGEST_JSON_BYTES = 4 << 20

# Perhaps half of a character: `\ud83d`.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")

# Larger numbers are of no use in the ledger, and too large for its columns.
_LARGEST_NUMBER = 1e15


class Unreadable(ValueError):
    """A file that is not what its name says; the text follows the name of the file."""


def parse_object(content: bytes) -> dict[str, Any]:
    """Return a JSON object, with "?" for halves of characters, which cannot be encoded.

    Raises:
        Unreadable: there is none that can be read.
    """
    if len(content) > LARGEST_JSON_BYTES:
        raise Unreadable(f"is larger than {LARGEST_JSON_BYTES:,} bytes")
    try:
        value = json.loads(content)
        if _SURROGATE.search(content):
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except RecursionError:
        raise Unreadable("is nested too deeply") from None
    except ValueError as error:
        raise Unreadable(f"is no JSON: {error}"[:200]) from None
    if not isinstance(value, dict):
        raise Unreadable("holds no JSON object")
    return value


def read_object(content: bytes | None) -> dict[str, Any]:
    """Return a JSON object; an empty one where there is none that can be read."""
    try:
        return parse_object(content or b"{}")
    except Unreadable:
        return {}


def facts(report: Mapping[str, Any]) -> Facts:
    """Return what run.json says for the ledger."""
    seconds = _mapping(report.get("seconds"))
    photos = [
        _number(count)
        for split in _mapping(report.get("photos")).values()
        for count in _mapping(split).values()
    ]
    phases = [_number(seconds.get(phase)) for phase in PHOTO_PHASES]
    return Facts(
        program_started_at=_moment(report.get("started_at")),
        program_ended_at=_moment(report.get("ended_at")),
        epochs_done=_whole(report.get("epochs")),
        photos=_whole(sum(filter(None, photos))) if photos else None,
        photo_seconds=sum(filter(None, phases)) if any(phases) else None,
        epoch_seconds=_number(report.get("epoch_seconds")),
        saved_seconds=_number(report.get("saved_seconds")),
    )


def verdict(report: Mapping[str, Any]) -> str:
    """Return the sentence in which run.json judges the learning curves."""
    sentence = _mapping(report.get("reading")).get("words")
    return sentence if isinstance(sentence, str) else ""


def numbers(values: object) -> dict[str, float]:
    """Return the numbers of a mapping; an empty one where it is none."""
    return {
        str(name): value
        for name, value in _mapping(values).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def metrics(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what metrics.json holds: names with numbers or text, without nested values."""
    return {
        name: value
        for name, value in content.items()
        if isinstance(value, int | float | str | None)
    }


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # In this order: an integer may be too large for a float.
    return float(value) if -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else round(number)


def _moment(value: object) -> float | None:
    try:
        return seconds_of(datetime.fromisoformat(str(value)))
    except (ValueError, OverflowError):
        return None
