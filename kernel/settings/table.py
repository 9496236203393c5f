"""The page docs/settings.md, generated from the declarations of the settings.

`python -m kernel.settings.table` prints it.
"""

import json
from itertools import groupby
from typing import Any

from kernel.settings.settings import described

_HEADER = """\
# The settings of the job

This page is generated from `kernel/settings/knobs.py` (`make docs`).

`job.toml` holds the settings of a project that differ from the defaults; the examples are lines for
it. `--set KEY=VALUE` changes a setting for a single run: `kitctl push --set epochs=10`.
`kitctl settings` lists the values in force.

A setting with a \\* does not change the trained weights.
"""
_TABLE_HEAD = """\
| setting | default | what it does | allowed | example |
|---|---|---|---|---|
"""


def page() -> str:
    """The whole page in Markdown: a table for each section."""
    parts = [_HEADER]
    for section, settings in groupby(described(), key=lambda each: each["section"]):
        rows = "".join(_row(each) for each in settings)
        parts.append(f"## {section}\n\n{_TABLE_HEAD}{rows}")
    return "\n".join(parts)


def as_toml(value: Any) -> str:
    """A value as job.toml takes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {as_toml(each)}" for name, each in value.items()) + "}"
    return json.dumps(value)


def _row(setting: dict[str, Any]) -> str:
    star = "" if setting["changes_weights"] else " \\*"
    example = ""
    if setting["example"] is not None:
        example = f"`{setting['name']} = {as_toml(setting['example'])}`"
    cells = [
        f"`{setting['name']}`{star}",
        f"`{as_toml(setting['default'])}`",
        setting["help"],
        setting["allowed"],
        example,
    ]
    return "| " + " | ".join(cells) + " |\n"


if __name__ == "__main__":
    print(page(), end="")
