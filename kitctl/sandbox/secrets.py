"""The secrets that a user gives a run on this machine: KITCTL_SECRET_<LABEL> in the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

PREFIX = "KITCTL_SECRET_"
FILE_NAME = "secrets.json"
SHORTEST_HIDDEN = 4
"""A shorter value is not replaced in the log: it would be found in half of the lines."""


def from_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables of the environment that hold secrets."""
    return {
        name.upper(): value
        for name, value in environ.items()
        if name.upper().startswith(PREFIX) and value
    }


def write(kit: Path, secrets: Mapping[str, str]) -> Path:
    """Write the secrets where the stand-in of kaggle_secrets reads them; return the file."""
    path = kit / FILE_NAME
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(dict(secrets), file)
    return path


def hiding(secrets: Mapping[str, str]) -> Callable[[str], str]:
    """Return a function that replaces the secrets' values in a line of a log."""
    parts = {part for value in secrets.values() for part in value.splitlines()}
    values = sorted((part for part in parts if len(part) >= SHORTEST_HIDDEN), key=len, reverse=True)

    def hide(line: str) -> str:
        for value in values:
            line = line.replace(value, "***")
        return line

    return hide
