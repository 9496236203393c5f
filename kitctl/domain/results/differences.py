"""The settings in which runs differ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence


def differing_settings(runs: Sequence[Mapping[str, object]]) -> dict[str, list[object]]:
    """Return each setting that has not the same value in all runs, with its value in each.

    None stands for a setting that a run does not have. Runs that name no settings at all, as those
    of a plain script, differ in none.
    """
    known = [settings for settings in runs if settings]
    names = dict.fromkeys(name for settings in known for name in settings)
    return {
        name: [settings.get(name) for settings in runs]
        for name in names
        if len({_key(settings.get(name)) for settings in known}) > 1
    }


def value_text(value: object) -> str:
    """Return a setting's value as a person writes it: `0.01`, `[6, 32]`, `best`, nothing."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _key(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)
