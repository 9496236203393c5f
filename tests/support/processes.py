"""Processes of this machine, found by an argument that no other process has."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

_numbers = itertools.count(1)


def unique_seconds() -> str:
    """Return an argument for `sleep` that no other process of this machine has."""
    return f"{100_000 + os.getpid()}.{next(_numbers)}"


def with_argument(argument: str) -> list[Path]:
    """Return the /proc folders of the processes that were started with this argument."""
    return [path for path in Path("/proc").iterdir() if argument.encode() in _arguments(path)]


def _arguments(process: Path) -> list[bytes]:
    try:
        return (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
