"""What a run reports of itself: run.json, metrics.json and history.csv.

The files come from outside: what is missing or of another type is left out, and is no error.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kitctl.domain.run_log import PHOTO_PHASES
from kitctl.domain.runs import Facts
from kitctl.domain.weeks import seconds_of


def read_object(content: bytes | None) -> dict[str, Any]:
    """Return a JSON object; an empty one where there is none that can be read."""
    try:
        value = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


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
        photos=round(sum(filter(None, photos))) if photos else None,
        photo_seconds=sum(filter(None, phases)) if any(phases) else None,
        epoch_seconds=_number(report.get("epoch_seconds")),
        saved_seconds=_number(report.get("saved_seconds")),
    )


def verdict(report: Mapping[str, Any]) -> str:
    """Return the sentence in which run.json judges the learning curves."""
    return str(_mapping(report.get("reading")).get("words", ""))


def numbers(values: object) -> dict[str, float]:
    """Return the numbers of a mapping; an empty one where it is none."""
    return {
        str(name): value
        for name, value in _mapping(values).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def metrics(content: bytes | None) -> dict[str, Any]:
    """Return metrics.json: names with numbers or text, without nested values."""
    return {
        name: value
        for name, value in read_object(content).items()
        if isinstance(value, int | float | str | None)
    }


def history(content: bytes | None) -> dict[str, list[float]]:
    """Return history.csv by column, without rows that were cut short."""
    rows = list(csv.DictReader(io.StringIO((content or b"").decode("utf-8", "replace"))))
    columns: dict[str, list[float]] = {}
    for row in rows:
        values = {name: _text_number(value) for name, value in row.items() if name}
        if None in row or any(number is None for number in values.values()):
            continue
        for name, number in values.items():
            columns.setdefault(name, []).append(number if number is not None else math.nan)
    return columns


def _text_number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None  # type: ignore[arg-type]


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else round(number)


def _moment(value: object) -> float | None:
    try:
        return seconds_of(datetime.fromisoformat(str(value)))
    except ValueError:
        return None
