"""Files below a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def regular_files(folder: Path) -> Iterator[Path]:
    """Yield every file below a folder; links are left out, because they may lead anywhere."""
    for parent, _, names in os.walk(folder):
        for path in (Path(parent, name) for name in names):
            if path.is_file() and not path.is_symlink():
                yield path


def bytes_below(folder: Path) -> int:
    """Return the size of all files below a folder."""
    return sum(path.stat().st_size for path in regular_files(folder))
