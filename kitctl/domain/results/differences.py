"""The settings in which runs differ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence


def differing_settings(runs: Sequence[Mapping[str, object]]) -> dict[str, list[object]]:
    """Return each setting that has not the same value in all runs, with its value in each.

    None stands for a setting that a run does not have.
    """
    names = dict.fromkeys(name for settings in runs for name in settings)
    values = {name: [settings.get(name) for settings in runs] for name in names}
    return {name: each for name, each in values.items() if len({_key(value) for value in each}) > 1}


def value_text(value: object) -> str:
    """Return a setting's value as a person writes it: `0.01`, `[6, 32]`, `best`, nothing."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _key(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)
