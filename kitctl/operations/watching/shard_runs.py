"""The runs of a group of shards, as the ledger and Kaggle know them."""

from __future__ import annotations

from dataclasses import dataclass

from kitctl.domain.runs.run import NOT_SHOWN_SECONDS, KernelRef, Run, RunRef, Status
from kitctl.domain.runs.shards import Shard, shard_of_run, shard_of_source
from kitctl.errors import InvalidInput
from kitctl.operations.watching.foreign_run import SEARCHED_VERSIONS, foreign_versions
from kitctl.ports import Kaggle, KernelVersion, Ledger


@dataclass(frozen=True)
class ShardRun:
    """The run of a shard.

    `ref` is None while it is not known whether Kaggle took the push, `record` where it was not
    pushed from here.
    """

    shard: Shard
    ref: RunRef | None
    status: Status
    record: Run | None

    @property
    def name(self) -> str:
        """`3/8 (v5)`."""
        return f"{self.shard.label} ({self.ref.label})" if self.ref else self.shard.label

    @property
    def seconds(self) -> float | None:
        """How long it occupied its machine; None where that is not known."""
        return self.record.machine_seconds if self.record else None

    @property
    def error_line(self) -> str:
        """The line of a failed run's log that says why, "" where none is known."""
        return (self.record and self.status.failed and self.record.facts.error_line) or ""

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """What counts among the runs of one shard: a complete one, one under way, the newest."""
        is_complete = self.status is Status.COMPLETE
        return is_complete, not self.status.ended, self.ref.version if self.ref else 0


class ShardRuns:
    """Finds the runs of one group; the source of each of Kaggle's versions is read once."""

    def __init__(
        self, kernel: KernelRef, shards: tuple[Shard, ...], kaggle: Kaggle, ledger: Ledger
    ) -> None:
        self._kernel, self._shards = kernel, {shard: shard for shard in shards}
        self._kaggle, self._ledger = kaggle, ledger
        self._foreign: dict[RunRef, Shard] = {}
        self._ended: dict[RunRef, ShardRun] = {}
        self._read_up_to = 0

    def read(self) -> dict[Shard, ShardRun]:
        """Return the run that counts of each shard which has one."""
        best: dict[Shard, ShardRun] = {}
        for run in [*self._recorded(), *self._runs_elsewhere()]:
            known = best.get(run.shard)
            if known is None or run.rank > known.rank:
                best[run.shard] = run
        return best

    def _recorded(self) -> list[ShardRun]:
        runs = []
        for run in self._ledger.runs(self._kaggle.service, None, kernel=self._kernel):
            shard = shard_of_run(run.intent.environment)
            if shard in self._shards and run.status is not Status.NEW_SCRIPT:
                runs.append(ShardRun(shard, run.ref, run.status, run))
        return runs

    def _runs_elsewhere(self) -> list[ShardRun]:
        """Return the runs that another machine, or an older ledger, has pushed."""
        newest = self._kaggle.newest_version(self._kernel)
        if newest is None:
            return []
        # Of each shard there may be more than one version, and others between them.
        searched = SEARCHED_VERSIONS + 2 * len(self._shards)
        for version in foreign_versions(
            newest, self._read_up_to, self._kaggle, self._ledger, searched
        ):
            shard = shard_of_source(version.source)
            if shard in self._shards:
                self._foreign[version.run] = shard
        self._read_up_to = max(self._read_up_to, newest.run.version)
        runs = [self._run_elsewhere(ref, shard, newest) for ref, shard in self._foreign.items()]
        return [run for run in runs if run is not None]

    def _run_elsewhere(self, ref: RunRef, shard: Shard, newest: KernelVersion) -> ShardRun | None:
        """Return such a run; None for a version without one."""
        if ref in self._ended:
            return self._ended[ref]
        try:
            status = self._kaggle.status(ref).status
        except InvalidInput:
            # Pushed a moment ago, or never started.
            pushed_at = newest.last_run_at
            if pushed_at is None or self._kaggle.now() - pushed_at > NOT_SHOWN_SECONDS:
                return None
            status = Status.QUEUED
        run = ShardRun(shard, ref, status, None)
        if status.ended:
            self._ended[ref] = run
        return run
