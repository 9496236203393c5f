"""What a pull left in its folder."""

from __future__ import annotations

from pathlib import Path

from kitctl.domain.results.files import OWN_FOLDER
from kitctl.operations.pull_results import PullResult


def file_names(result: PullResult) -> set[str]:
    """Return the names of the files that a pull brought or kept."""
    return {file.path for file in result.files}


def files_on_disk(folder: Path) -> set[str]:
    """Return the files in the folder, without kitctl's own and the log."""
    files = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    own = {path for path in files if path.parts[0] == OWN_FOLDER or str(path) == "log.txt"}
    return {path.as_posix() for path in files - own}
