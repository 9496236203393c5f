"""Run shards: push those of a group that have not run, as many at once as Kaggle allows.

What has run is asked of Kaggle and the ledger before each push, so that a group which was
interrupted goes on, also from another machine, and no shard is paid for twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kitctl.domain.quota.reasons_to_wait import SESSIONS_FULL, reason_to_wait
from kitctl.domain.runs import durations
from kitctl.domain.runs.run import KernelRef, RunRef, Status
from kitctl.domain.runs.shards import Shard
from kitctl.errors import (
    InvalidInput,
    KitError,
    NetworkFailed,
    NextCommand,
    Refused,
    RunCancelled,
    RunFailed,
)
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.lost_pushes import settle_lost_pushes
from kitctl.operations.watching.network_patience import NetworkPatience
from kitctl.operations.watching.poller import PATIENCE_SECONDS
from kitctl.operations.watching.reconcile import reconcile
from kitctl.operations.watching.run_facts import with_own_facts
from kitctl.operations.watching.run_status import RunStatus, read_status
from kitctl.operations.watching.shard_runs import ShardRun, ShardRuns
from kitctl.operations.watching.watch import FIRST_POLL, POLL_GROWTH, SLOWEST_POLL
from kitctl.ports import AnswerLost, Clock, Kaggle, Ledger, ProgressBar, Reporter

# How long the end of a run is waited for before the next shard is tried again: a session of
# somebody else's may have ended.
RETRY_SECONDS = 60.0


class PushShard(Protocol):
    """Pushes a shard, and waits where it is refused for one of these reasons.

    `check` is called before each try.
    """

    def __call__(
        self, shard: Shard, *, waits_for: Collection[str], check: Callable[[], None]
    ) -> None: ...


@dataclass(frozen=True)
class ShardsResult:
    """The shards of a group in their order, and the run that counts of each that has one."""

    shards: tuple[Shard, ...]
    runs: Mapping[Shard, ShardRun]

    @property
    def complete(self) -> int:
        """How many are complete."""
        return sum(map(_is_complete, self.runs.values()))

    @property
    def seconds(self) -> float:
        """What they took together, as far as that is known."""
        return sum(run.seconds or 0.0 for run in self.runs.values())

    @property
    def summary(self) -> str:
        """The state in few words: "7 of 8 shards complete, 3 h"."""
        took = durations.describe(self.seconds)
        return f"{self.complete} of {len(self.shards)} shards complete, {took}"

    @property
    def failure(self) -> KitError | None:
        """The error that the command exits with; None where all shards are complete."""
        in_order = [self.runs[shard] for shard in self.shards if shard in self.runs]
        not_complete = [run for run in in_order if not _is_complete(run)]
        if not not_complete:
            return None
        first = not_complete[0]
        state = f"{first.name} {'failed' if first.status.failed else 'was cancelled'}"
        cause = f": {first.error_line}" if first.error_line else "."
        left = len(self.shards) - len(self.runs)
        note = f" {left} were not pushed, since none has been complete before." if left else ""
        kind = RunFailed if any(run.status.failed for run in not_complete) else RunCancelled
        return kind(
            f"{self.summary}: {state}{cause}{note}",
            code="shards_failed",
            hint=NextCommand("push", "--again", "pushes those that failed once more"),
        )

    def as_data(self) -> dict[str, Any]:
        return {
            "group": self.shards[0].group,
            "shards": [self._row(shard, self.runs.get(shard)) for shard in self.shards],
            "complete": self.complete,
            "running_seconds": self.seconds,
        }

    def _row(self, shard: Shard, run: ShardRun | None) -> dict[str, Any]:
        return {
            "shard": shard.label,
            "run": str(run.ref) if run and run.ref else None,
            "version": run.ref.version if run and run.ref else None,
            "status": run.status if run else None,
            "running_seconds": run.seconds if run else None,
            "error_line": (run.error_line or None) if run else None,
        }


@dataclass(frozen=True, kw_only=True)
class QueueOptions:
    """How shards are queued: `at_once` at most, and in place of earlier ones that failed (`again`).

    `waits_for` are the reasons for which a push waits where none of the shards is under way.
    """

    at_once: int
    again: bool = False
    waits_for: Collection[str] = SESSIONS_FULL


def run_shards(
    kernel: KernelRef,
    shards: tuple[Shard, ...],
    options: QueueOptions,
    kaggle: Kaggle,
    ledger: Ledger,
    clock: Clock,
    reporter: Reporter,
    push: PushShard,
) -> ShardsResult:
    """Push and watch the shards until all have ended.

    Until one is complete, no other one is pushed after one that failed: what is wrong with all of
    them is paid for once.

    Raises what `push` raises where a shard is refused: the others go on at Kaggle, and the same
    call goes on later.
    """
    reconcile(kaggle, ledger, reporter)
    queue = _Queue(kernel, shards, options, kaggle, ledger, clock, reporter, push)
    return ShardsResult(shards, queue.run())


class _Queue:
    def __init__(
        self,
        kernel: KernelRef,
        shards: tuple[Shard, ...],
        options: QueueOptions,
        kaggle: Kaggle,
        ledger: Ledger,
        clock: Clock,
        reporter: Reporter,
        push: PushShard,
    ) -> None:
        self._shards, self._options, self._push = shards, options, push
        self._kaggle, self._ledger = kaggle, ledger
        self._clock, self._reporter = clock, reporter
        self._runs = ShardRuns(kernel, shards, kaggle, ledger)
        self._passed_over: set[RunRef | None] = set()
        self._patience = NetworkPatience(clock, PATIENCE_SECONDS)

    def run(self) -> Mapping[Shard, ShardRun]:
        runs = self._read()
        if self._options.again:
            self._passed_over = {run.ref for run in runs.values() if _is_lost(run)}
        while True:
            try:
                waiting = self._waiting(runs)
                under_way = [run for run in runs.values() if not run.status.ended]
                if not waiting and not under_way:
                    return runs
                is_full = len(under_way) >= self._options.at_once
                if not waiting or is_full or not self._is_pushed(waiting[0], under_way):
                    self._wait_for_change(ShardsResult(self._shards, runs), is_last=not waiting)
                runs = self._read()
                self._patience.renew()
            except NetworkFailed as error:
                if self._patience.is_exhausted():
                    raise
                self._reporter.warn(f"{error.message} What runs goes on; still trying.")
                self._clock.sleep(SLOWEST_POLL)

    def _read(self) -> Mapping[Shard, ShardRun]:
        runs = self._runs.read()
        if all(run.ref for run in runs.values()):
            return runs
        settle_lost_pushes(self._kaggle, self._ledger, self._reporter)
        return self._runs.read()

    def _waiting(self, runs: Mapping[Shard, ShardRun]) -> list[Shard]:
        """Return the shards to push; none after one that failed where none is complete."""
        counted = [run for run in runs.values() if run.ref not in self._passed_over]
        if any(map(_is_lost, counted)) and not any(map(_is_complete, counted)):
            return []
        pushed = {run.shard for run in counted}
        return [shard for shard in self._shards if shard not in pushed]

    def _is_pushed(self, shard: Shard, under_way: Sequence[ShardRun]) -> bool:
        """Push a shard; return False where it must wait for the end of one under way."""

        def require_not_pushed() -> None:
            if shard not in self._waiting(self._read()):
                raise Refused("It has been pushed elsewhere meanwhile.", code="same_script")

        try:
            waits_for = () if under_way else self._options.waits_for
            self._push(shard, waits_for=waits_for, check=require_not_pushed)
        except AnswerLost as lost:
            # The ledger keeps it, and what became of it is found out while others are watched.
            self._reporter.warn(f"Shard {shard.label}: {lost.message}")
        except Refused as refused:
            if refused.code == "same_script" and shard not in self._waiting(self._read()):
                return True  # The same command has pushed it elsewhere meanwhile.
            if under_way and reason_to_wait(refused):
                return False
            raise
        return True

    def _wait_for_change(self, group: ShardsResult, *, is_last: bool) -> None:
        """Poll until a run has ended, or it is time to look again.

        `is_last`: no other shard waits, so that only what other machines do can change more.
        """
        in_order = [group.runs[shard] for shard in group.shards if shard in group.runs]
        under_way = [run for run in in_order if not run.status.ended]
        is_known = all(run.ref and run.record for run in under_way)
        until = float("inf") if is_last and is_known else self._clock.monotonic() + RETRY_SECONDS
        interval = FIRST_POLL
        with self._reporter.progress(group.summary) as bar:
            while not self._any_has_ended(under_way, bar, group):
                if self._clock.monotonic() >= until:
                    return
                self._clock.sleep(interval)
                interval = min(SLOWEST_POLL, interval * POLL_GROWTH)

    def _any_has_ended(
        self, under_way: Sequence[ShardRun], bar: ProgressBar, group: ShardsResult
    ) -> bool:
        states = []
        for run in under_way:
            status = self._status(run)
            if status and status.status.ended:
                with_own_facts(status, self._kaggle, self._ledger)
                return True
            states.append(f"{run.name} {status.status.label if status else 'not shown yet'}")
        complete = f"{group.complete} of {len(group.shards)} shards complete"
        bar.describe(f"{complete} · {', '.join(states)}")
        return False

    def _status(self, run: ShardRun) -> RunStatus | None:
        """Return the state of a run; None where Kaggle does not show it yet."""
        if run.ref is None:
            return None
        try:
            return read_status(TargetRun(run.ref, run.record), self._kaggle, self._ledger)
        except InvalidInput:
            return None


def _is_complete(run: ShardRun) -> bool:
    return run.status is Status.COMPLETE


def _is_lost(run: ShardRun) -> bool:
    """Return whether it ended without being complete."""
    return run.status.ended and not _is_complete(run)
