"""What a rehearsal leaves: its files, what run.json says of it, and the checks of both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LARGEST_OUTPUT_BYTES = 20_000_000_000
"""What Kaggle keeps of /kaggle/working."""


@dataclass(frozen=True)
class Artifact:
    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class OutputCheck:
    name: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class SkippedPhoto:
    path: str
    reason: str


@dataclass(frozen=True)
class DryRunResult:
    """A dry run that came to its end: where its outputs are, and what the checks found."""

    script_sha256: str
    seconds: float
    out: Path
    metrics: Mapping[str, float]
    epochs: int | None
    artifacts: tuple[Artifact, ...]
    checks: tuple[OutputCheck, ...]
    skipped_photos: tuple[SkippedPhoto, ...]
    phase_seconds: Mapping[str, float]
    reading: str
    isolation: str
    warnings: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


def artifacts(folder: Path) -> tuple[Artifact, ...]:
    """Every file below the folder with its size and hash; links are not followed."""
    return tuple(
        Artifact(path.relative_to(folder).as_posix(), path.stat().st_size, _sha256(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    )


def general_checks(files: Sequence[Artifact]) -> tuple[OutputCheck, ...]:
    """What can be asked of any script that ended well."""
    size = sum(file.bytes for file in files)
    return (
        OutputCheck("the script ended without an error", True, "exit code 0"),
        OutputCheck("the run left files", bool(files), f"files: {len(files)}"),
        OutputCheck(
            "the files fit into what Kaggle keeps",
            size <= LARGEST_OUTPUT_BYTES,
            f"{size / 1e6:.1f} MB of {LARGEST_OUTPUT_BYTES / 1e9:.0f} GB",
        ),
    )


def own_checks(answer: Mapping[str, Any]) -> tuple[OutputCheck, ...]:
    """The checks that the script has made itself, asked with KITCTL_VERIFY=1."""
    return tuple(
        OutputCheck(str(check["name"]), bool(check["ok"]), str(check["detail"]))
        for check in answer["checks"]
    )


def report(folder: Path) -> dict[str, Any]:
    """run.json as the script left it; empty where there is none that can be read."""
    try:
        said = json.loads((folder / "run.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def numbers(values: object) -> dict[str, float]:
    """The numbers of a mapping that came from outside."""
    if not isinstance(values, dict):
        return {}
    return {
        str(name): value
        for name, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def skipped_photos(values: object) -> tuple[SkippedPhoto, ...]:
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
