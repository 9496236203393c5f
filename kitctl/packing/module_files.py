"""Python modules in folders: where a name leads, and what lies below a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import NamedTuple

_SKIPPED_FOLDERS = {"__pycache__", "node_modules", "site-packages", "venv", "env"}


class OwnModule(NamedTuple):
    """A module of the project: its dotted name, its file, and the folder that Python searches."""

    name: str
    path: Path
    root: Path


def find_in(place: Path, name: str) -> list[OwnModule]:
    """Return the module of this name in one folder of the path, after its packages."""
    modules, folder, parts = [], place, name.split(".")
    for depth, part in enumerate(parts, 1):
        names = names_in(folder)
        module = ".".join(parts[:depth])
        if part in names and "__init__.py" in names_in(folder / part):
            modules.append(OwnModule(module, folder / part / "__init__.py", place))
        elif f"{part}.py" in names:
            modules.append(OwnModule(module, folder / f"{part}.py", place))
            return modules
        elif part not in names or not (folder / part).is_dir():
            return modules
        folder = folder / part
    return modules


def names_in(folder: Path) -> frozenset[str]:
    """Return the names in a folder, as they are written: on Kaggle, capitals count."""
    try:
        return frozenset(path.name for path in folder.iterdir())
    except OSError:
        return frozenset()


def is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # A text that is no file name.
        return False


def is_folder(path: Path) -> bool:
    """Return whether there is such a folder; no text is an error."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def python_files(folder: Path) -> Iterator[Path]:
    """Yield the .py files below a folder, but of hidden folders and virtual environments."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED_FOLDERS
            and not Path(parent, name, "pyvenv.cfg").exists()
        )
        yield from (Path(parent, name) for name in sorted(files) if name.endswith(".py"))


def dotted(file: PurePath) -> str:
    """Return a file's module name: `job/data/__init__.py` → `job.data`."""
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
