"""The result of a pull: what is here now of a run, what is not and why, and what it reports."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitctl.domain.results.files import MANIFEST, ManifestEntry, RefusedName
from kitctl.domain.runs.counts import counted
from kitctl.errors import KitError, NetworkFailed, NextCommand
from kitctl.operations.pulling.fetch_files import FailedFile, PulledFile
from kitctl.operations.results.run_summary import HISTORY, RunSummary
from kitctl.operations.watching.run_status import RunStatus
from kitctl.ports import MovedFiles


@dataclass(frozen=True, kw_only=True)
class PullResult:
    """What is here now of a run, and what the run reports of itself."""

    status: RunStatus
    out: Path
    files: tuple[PulledFile, ...]
    failed: tuple[FailedFile, ...]
    refused: tuple[RefusedName, ...]
    missing: tuple[str, ...]
    on_request: tuple[ManifestEntry, ...]  # Of use to another run only, and not fetched.
    moved: tuple[MovedFiles, ...]  # Files that were in the way, such as another run's.
    has_manifest: bool
    log: Path
    summary: RunSummary
    page: Path | None = None  # The report on it, where one was written.

    @property
    def verified(self) -> bool:
        """Whether every file was checked against the run's own manifest, and none is missing."""
        checked = all(file.verified for file in self.files if file.path != MANIFEST)
        return self.has_manifest and checked and self.is_complete

    @property
    def is_complete(self) -> bool:
        """Whether every file that the run left or that its manifest promises is here."""
        return not (self.failed or self.refused or self.missing)

    @property
    def plots(self) -> tuple[Path, ...]:
        return tuple(self.out / file.path for file in self.files if file.path.endswith(".png"))

    @property
    def tables(self) -> tuple[Path, ...]:
        """The tables other than the history, which is shown itself."""
        paths = (file.path for file in self.files if file.path.endswith(".csv"))
        return tuple(self.out / path for path in paths if path != HISTORY)

    @property
    def failure(self) -> KitError | None:
        """The error that the command exits with."""
        if self.failed:
            first, total = self.failed[0].error, len(self.failed) + len(self.files)
            return NetworkFailed(
                f"{len(self.failed)} of {counted(total, 'file')} did not come:"
                f" {first.message} What came is kept.",
                code=first.code,
                hint=first.hint
                or NextCommand("pull-results", "RUN", "goes on", str(self.status.ref)),
            )
        if not self.is_complete:
            return self._incomplete
        failure = self.status.failure
        if failure is None:
            return None
        kind = type(failure)
        return kind(
            f"{failure.message} What it left is in {self.out}.",
            hint=f"less {shlex.quote(str(self.log))}",
        )

    @property
    def _incomplete(self) -> KitError:
        if self.refused:
            first = self.refused[0]
            return NetworkFailed(
                f"{len(self.refused)} of the run's files cannot be written here, so that they were"
                f" left out: {first.path!r} {first.reason}. What came is kept.",
                code="files_refused",
                hint="Download them on the run's page at kaggle.com, or let the job choose other"
                " names.",
            )
        return NetworkFailed(
            f"Kaggle does not list {len(self.missing)} of the files that the run's manifest"
            f" promises, such as {self.missing[0]!r}. What came is kept.",
            code="files_missing",
            hint=NextCommand("pull-results", "RUN", "looks again", str(self.status.ref)),
        )

    def as_data(self) -> dict[str, Any]:
        return {
            "run": str(self.status.ref),
            "version": self.status.ref.version,
            "status": self.status.status,
            "failure_message": self.status.failure_message or None,
            "error_line": self.status.error_line or None,
            "out": self.out,
            "files": [
                {
                    "path": file.path,
                    "bytes": file.bytes,
                    "sha256": file.sha256,
                    "state": file.state,
                }
                for file in self.files
            ],
            "verified": self.verified,
            "refused": self.refused,
            "failed": [
                {"path": file.path, "code": file.error.code, "message": file.error.message}
                for file in self.failed
            ],
            "missing": self.missing,
            "on_request": [{"path": each.path, "bytes": each.bytes} for each in self.on_request],
            "moved": [{"to": moved.folder, "files": len(moved.names)} for moved in self.moved],
            "strangers": [name for moved in self.moved for name in moved.names],
            "log": self.log,
            "page": self.page,
            "plots": self.plots,
            "tables": self.tables,
            "metrics": self.summary.metrics,
            "unreadable": self.summary.unreadable,
        }
