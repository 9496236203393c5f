"""The result of pulling a group of shards: what is here of each, and what was made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kitctl.domain.runs.run import Status
from kitctl.domain.runs.shards import Shard
from kitctl.errors import KitError, NextCommand, RunFailed
from kitctl.operations.pulling.pull_result import PullResult
from kitctl.operations.watching.shard_runs import ShardRun
from kitctl.ports import MovedFiles


@dataclass(frozen=True)
class JoinedFile:
    """A file in the folder of the group: a shard's own (`beside` others, or `apart`), or a table
    that was `joined` of several shards' rows, in their order.
    """

    path: str
    bytes: int
    sha256: str
    shards: tuple[int, ...]
    place: Literal["beside", "joined", "apart"]


@dataclass(frozen=True, kw_only=True)
class PulledShards:
    """The shards' outputs in one folder.

    `runs` has the run of each shard, `pulls` those of which files were selected.
    """

    shards: tuple[Shard, ...]
    runs: Mapping[Shard, ShardRun]
    pulls: Mapping[Shard, PullResult]
    out: Path
    files: tuple[JoinedFile, ...]
    moved: tuple[MovedFiles, ...]
    warnings: tuple[str, ...] = ()

    @property
    def complete(self) -> tuple[Shard, ...]:
        """The shards that are complete: only their files are joined."""
        return complete_shards(self.runs, self.pulls)

    @property
    def verified(self) -> bool:
        """Whether all shards are complete, and each file was checked by its run's manifest."""
        is_checked = all(pull.verified for pull in self.pulls.values())
        return is_checked and len(self.complete) == len(self.shards)

    @property
    def failure(self) -> KitError | None:
        """The error that the command exits with."""
        for pull in self.pulls.values():
            if not pull.is_complete:
                return pull.failure
        lost = [shard for shard in self.shards if shard not in self.complete]
        if not lost:
            return None
        names = ", ".join(shard.label for shard in lost[:5])
        return RunFailed(
            f"{len(lost)} of {len(self.shards)} shards are not complete ({names}); what they left"
            f" stands apart in {self.out}.",
            code="shards_failed",
            hint=NextCommand(
                "push",
                f"--shards {len(self.shards)} --again",
                "pushes them once more",
            ),
        )

    def as_data(self) -> dict[str, Any]:
        return {
            "group": self.shards[0].group,
            "shards": [self._row(shard) for shard in self.shards],
            "complete": len(self.complete),
            "out": self.out,
            "files": [
                {
                    "path": file.path,
                    "bytes": file.bytes,
                    "sha256": file.sha256,
                    "shards": file.shards,
                    "place": file.place,
                }
                for file in self.files
            ],
            "verified": self.verified,
            "moved": [{"to": moved.folder, "files": len(moved.names)} for moved in self.moved],
            "warnings": self.warnings,
        }

    def _row(self, shard: Shard) -> dict[str, Any]:
        run, pull = self.runs[shard], self.pulls.get(shard)
        return {
            "shard": shard.label,
            "run": str(run.ref),
            "version": run.ref and run.ref.version,
            "status": run.status,
            "error_line": run.error_line or None,
            "out": pull and pull.out,
            "verified": pull and pull.verified,
        }


def complete_shards(
    runs: Mapping[Shard, ShardRun], pulls: Mapping[Shard, PullResult]
) -> tuple[Shard, ...]:
    """Return the shards whose run is complete, and of which all selected files are here."""
    return tuple(
        shard
        for shard, run in runs.items()
        if run.status is Status.COMPLETE and (shard not in pulls or pulls[shard].is_complete)
    )
