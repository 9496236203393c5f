"""The outputs of a script that ran on this machine: its files, its run.json, checks of both."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitctl.domain.results import run_report

LARGEST_OUTPUT_BYTES = 20_000_000_000
"""What Kaggle keeps of /kaggle/working."""


@dataclass(frozen=True)
class Artifact:
    """A file among the outputs."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class OutputCheck:
    """One check of the outputs and how it went."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class SkippedPhoto:
    """A photo that the script could not use."""

    path: str
    reason: str


def list_artifacts(folder: Path) -> tuple[Artifact, ...]:
    """Return every file below the folder with its size and hash; links are not followed."""
    return tuple(
        Artifact(path.relative_to(folder).as_posix(), path.stat().st_size, _sha256(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    )


def general_checks(files: Sequence[Artifact]) -> tuple[OutputCheck, ...]:
    """Check what holds for any script that ended well."""
    size = sum(file.bytes for file in files)
    return (
        OutputCheck("the script ended without an error", True, "exit code 0"),
        # Printing may be all that a job is for.
        OutputCheck("the run left files", True, f"files: {len(files)}")
        if files
        else OutputCheck("the run left no files", True, "a note: pull-results has only its log"),
        OutputCheck(
            "the files fit into what Kaggle keeps",
            size <= LARGEST_OUTPUT_BYTES,
            f"{size / 1e6:.1f} MB of {LARGEST_OUTPUT_BYTES / 1e9:.0f} GB",
        ),
    )


def script_checks(answer: Mapping[str, Any]) -> tuple[OutputCheck, ...]:
    """Return the checks that the script made itself when it ran with KITCTL_VERIFY=1.

    Raises KeyError or TypeError where the answer has another form.
    """
    return tuple(
        OutputCheck(str(check["name"]), bool(check["ok"]), str(check["detail"]))
        for check in answer["checks"]
    )


def read_report(folder: Path) -> dict[str, Any]:
    """Return run.json as the script left it; empty where there is none that can be read."""
    try:
        return run_report.read_object((folder / "run.json").read_bytes())
    except OSError:
        return {}


def skipped_photos(values: object) -> tuple[SkippedPhoto, ...]:
    """Return the photos that run.json lists as skipped."""
    if not isinstance(values, list):
        return ()
    return tuple(
        SkippedPhoto(str(value.get("path", "")), str(value.get("reason", "")))
        for value in values
        if isinstance(value, dict)
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
