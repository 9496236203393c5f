"""What to say of a code_file that does not exist: the file that was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from kitctl.domain.job.metadata import ENDINGS

# Files that are looked at in a folder, which may be a large one.
MOST_FILES = 2000

_CODE = {ending for endings in ENDINGS.values() for ending in endings}


def suggest_file(folder: Path, name: str) -> str:
    """Return "Did you mean …?" for the file of the folder that is most like this name."""
    files = list(_code_files(folder))
    target = name.replace("\\", "/").lower()
    same = [file for file in files if file.lower() == target]
    same_name = [file for file in files if _name(file) == _name(target)]
    similar = difflib.get_close_matches(target, files, n=1)
    for candidates in (same, same_name, similar, files if len(files) == 1 else []):
        if candidates:
            return f"Did you mean {candidates[0]}?"
    return "Fix the name, or create the file."


def _name(file: str) -> str:
    return PurePosixPath(file).name.lower()


def _code_files(folder: Path) -> Iterator[str]:
    """Yield the scripts and notebooks of the folder and of those directly in it."""
    paths = (path for pattern in ("*", "*/*") for path in folder.glob(pattern))
    for _, path in zip(range(MOST_FILES), paths, strict=False):
        file = path.relative_to(folder)
        is_hidden = any(part.startswith(".") for part in file.parts)
        if path.suffix.lower() in _CODE and not is_hidden and path.is_file():
            yield file.as_posix()
