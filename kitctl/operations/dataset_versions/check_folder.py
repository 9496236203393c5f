"""Say what a training run would say of a folder of photos, and how it would arrive at Kaggle."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitctl.domain.data.datasets import LocalFile, limit_warnings, plan_items
from kitctl.domain.data.photo_folder import (
    FolderProblem,
    PhotoFolder,
    Severity,
    folder_problems,
    sort_photos,
)
from kitctl.domain.runs.counts import counted
from kitctl.errors import InvalidInput, KitError, NextCommand
from kitctl.operations.dataset_versions.dataset_folder import (
    hash_files,
    require_sendable,
    scan_folder,
)
from kitctl.operations.dataset_versions.push_folder import arrival_warnings
from kitctl.ports import PhotoInspector, Reporter


@dataclass(frozen=True)
class FolderCheck:
    """The photos of a folder, and everything about it that the user should know."""

    folder: Path
    photos: PhotoFolder
    files: int
    bytes: int
    problems: tuple[FolderProblem, ...]

    @property
    def failure(self) -> KitError | None:
        """The error that the command exits with; None where nothing is refused."""
        errors = [each for each in self.problems if each.severity is Severity.ERROR]
        if not errors:
            return None
        count = "One thing" if len(errors) == 1 else f"{len(errors)} things"
        return InvalidInput(
            f"{count} in {self.folder} would be refused by a push or a training run.",
            code="folder_refused",
            hint=(
                "Fix what is listed as error, then: ",
                NextCommand("datasets check", shlex.quote(str(self.folder))),
            ),
        )

    def as_data(self) -> dict[str, Any]:
        return {
            "folder": self.folder,
            "files": self.files,
            "bytes": self.bytes,
            "classes": self.photos.counts(),
            "problems": self.problems,
        }


def check_folder(
    folder: Path,
    exclude: Sequence[str],
    photos: PhotoInspector,
    reporter: Reporter,
    *,
    jobs: int,
) -> FolderCheck:
    """Check a folder without sending anything.

    Raises InvalidInput where it is no folder or holds nothing.
    """
    scan = scan_folder(folder, exclude)
    problems = [
        FolderProblem(Severity.ERROR, code, each.where, each.message)
        for code, found in (("odd_files", scan.unsendable), ("secrets", scan.secrets))
        for each in found
    ]
    listing = scan.listing if problems else require_sendable(scan)
    files = hash_files(listing, jobs, reporter)
    problems += _arrival(files)
    refused = {problem.path for problem in problems}
    problems += [
        FolderProblem(Severity.WARNING, "left_out", name.path, f"{name.reason}.")
        for name in listing.left_out
        if name.path not in refused
    ]
    layout = sort_photos(files)
    problems += folder_problems(layout)
    paths = [photo.path for photo in layout.photos]
    with reporter.progress(f"Looking at {counted(len(paths), 'photo')}"):
        problems += [
            FolderProblem(Severity.WARNING, "unreadable", fault.path, f"{fault.reason}.")
            for fault in photos.faults(folder, paths)
        ]
    return FolderCheck(
        folder, layout, len(files), sum(file.bytes for file in files), tuple(problems)
    )


def _arrival(files: Sequence[LocalFile]) -> list[FolderProblem]:
    try:
        warnings = arrival_warnings(tuple(files))
    except InvalidInput as error:
        return [FolderProblem(Severity.ERROR, error.code, "", error.message)]
    limits = limit_warnings(plan_items(files))
    return [
        FolderProblem(Severity.WARNING, kind, "", warning)
        for kind, texts in (("unpacked", warnings), ("limit", limits))
        for warning in texts
    ]
