"""The settings of a job, for people."""

from __future__ import annotations

import json
import shlex
from itertools import groupby
from typing import TYPE_CHECKING, Any

from kitctl.operations.settings import Setting, SettingList

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 100
"""Wider lines are hard to read."""


def draw_settings(listed: SettingList, console: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    for section, settings in groupby(listed.settings, key=lambda setting: setting.section):
        if section:
            console.print(Text(section, style="bold"))
        for setting in settings:
            for indent, line in _lines(setting):
                text = Padding(Text(line), (0, 0, 0, indent))
                console.print(text, width=min(console.width, WIDTH))
        console.print()


def _lines(setting: Setting) -> list[tuple[int, str]]:
    """Return the lines on a setting, each with its indent."""
    is_default = setting.value == setting.default
    default = "default" if is_default else f"default {as_toml(setting.default)}"
    note = f"   ({default})" if setting.help else ""
    lines = [(2, f"{setting.name} = {as_toml(setting.value)}{note}")]
    if setting.help:
        effect = "" if setting.changes_weights else " Does not change the weights."
        lines.append((6, f"{setting.help}{effect}"))
    if setting.allowed:
        lines.append((6, f"Allowed: {setting.allowed}"))
    if setting.example is not None:
        example = shlex.quote(f"{setting.name}={_as_option(setting.example)}")
        lines.append((6, f"Example: --set {example}"))
    return lines


def as_toml(value: Any) -> str:
    """Return a value as job.toml takes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {as_toml(item)}" for name, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def _as_option(value: Any) -> str:
    """Return a value as `--set` takes it, where a text needs no quotes."""
    return value if isinstance(value, str) else as_toml(value)
