"""The data files that go along with a job's code: `files` of [tool.kitctl]."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from kitctl.config import METADATA_NAME
from kitctl.domain.data.secret_files import kind_of_secret
from kitctl.errors import Problem
from kitctl.operations.project.read_code import credentials

SETTING = "files of [tool.kitctl]"
LARGEST_BYTES = 50_000_000
"""More than this cannot become a script by any compression, so it is not even read."""


def read_data_files(
    project: Path, patterns: Sequence[str], problems: list[Problem]
) -> dict[str, bytes]:
    """Return path → content of the files that the patterns name, in a fixed order.

    A pattern names a file, a folder with all that is in it, or has wildcards (`*`, `?`, `**`),
    which find no hidden files and nothing in the outputs of other commands.
    """
    files: dict[str, bytes] = {}
    total = 0
    for pattern in patterns:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts or not pattern.strip("./"):
            fix = "Name files in the project's folder, such as configs/*.yaml."
            problems.append(Problem(SETTING, f"names {pattern!r}.", fix))
            continue
        paths = sorted(_matches(project, pattern))
        for path in paths:
            name = path.relative_to(project).as_posix()
            if not path.resolve().is_relative_to(project.resolve()):
                what = "leads out of the project's folder."
                problems.append(Problem(name, what, "Put a copy inside the folder."))
                continue
            if kind := kind_of_secret(name):
                fix = "Leave it out: whoever sees the kernel could read it."
                problems.append(Problem(name, f"holds {kind}.", fix))
                continue
            if not name.isprintable():
                what = "has characters in its name that cannot be printed."
                problems.append(Problem(ascii(name), what, "Rename it."))
                continue
            total += path.stat().st_size
            if total > LARGEST_BYTES:
                what = f"name more than {LARGEST_BYTES // 1_000_000} MB, which no script can hold."
                fix = "Make a data set of them, and name it in dataset_sources."
                problems.append(Problem(SETTING, what, fix))
                return files
            files[name] = path.read_bytes()
            problems += credentials(name, files[name].decode("utf-8", "replace"))
        if not paths:
            fix = "Fix the name: it counts from the project's folder."
            problems.append(Problem(SETTING, f"has {pattern!r}, which is no file.", fix))
    return dict(sorted(files.items()))


def _matches(project: Path, pattern: str) -> Iterator[Path]:
    """Yield the files that a pattern names."""
    named = project / pattern
    if named.is_file():
        yield named
    elif named.is_dir():
        yield from _files_below(named)
    else:
        for path in project.glob(pattern):
            if _is_hidden(path.relative_to(project)) or _is_of_another_command(path, project):
                continue
            if path.is_file():
                yield path
            elif pattern.endswith("**"):
                yield from (file for file in path.iterdir() if file.is_file())


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_hidden(Path(name)))
        yield from (Path(parent, name) for name in names if not _is_hidden(Path(name)))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def _is_of_another_command(path: Path, project: Path) -> bool:
    """Return whether a file lies in a folder that `package` wrote, or in that of results."""
    below = path.relative_to(project).parents
    folders = [project / parent for parent in below if parent != Path()]
    return any((folder / METADATA_NAME).exists() for folder in folders) or "results" in map(
        str, below
    )
