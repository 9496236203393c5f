"""A kernel's versions that were not pushed from here: by another machine, or an older ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kitctl.domain.job import accelerators
from kitctl.domain.job.same_source import is_source_of
from kitctl.domain.quota.push_guards import SameScriptElsewhere
from kitctl.domain.runs.groups import group_of_run, group_of_source, run_beside_each_other
from kitctl.domain.runs.run import NOT_SHOWN_SECONDS, Intent, KernelRef, RunRef, Status
from kitctl.errors import InvalidInput, KitError
from kitctl.ports import Kaggle, KernelVersion, Ledger, SourceVersion

# How many of a kernel's newest versions are searched.
SEARCHED_VERSIONS = 20


@dataclass(frozen=True)
class ForeignRun:
    """A version that the ledger does not know; `status` is None where Kaggle shows no session."""

    version: KernelVersion
    status: Status | None

    @property
    def under_way(self) -> RunRef | None:
        """The run, where it has not ended."""
        return self.version.run if self.status is not None and not self.status.ended else None

    def in_the_way_of(self, intent: Intent) -> RunRef | None:
        """Return the run, where it has not ended and is no shard of the intent's own group."""
        group, own = group_of_source(self.version.source), group_of_run(intent.environment)
        return None if run_beside_each_other(own, group) else self.under_way

    def same_script(
        self, intent: Intent, sources: Iterable[SourceVersion]
    ) -> SameScriptElsewhere | None:
        """Return it where it runs, or has run, the very script of the intent on these sources."""
        last_run_at = self.version.last_run_at
        if last_run_at and any((source.made_at or 0.0) > last_run_at for source in sources):
            return None
        is_same = is_source_of(intent, self.version.source) and _pool(self.version) == intent.pool
        if not is_same:
            return None
        status = self.status
        if status is None and self._may_not_be_shown_yet(intent.written_at):
            status = Status.QUEUED
        if status is None or (status.ended and status is not Status.COMPLETE):
            return None
        return SameScriptElsewhere(self.version.run, status)

    def _may_not_be_shown_yet(self, now: float) -> bool:
        last_run_at = self.version.last_run_at
        return last_run_at is not None and now - last_run_at < NOT_SHOWN_SECONDS


def find_foreign_run(
    newest: KernelVersion | None, kaggle: Kaggle, ledger: Ledger
) -> ForeignRun | None:
    """Return the kernel's newest run; None where there is none, or it was pushed from here."""
    if newest is None or ledger.get(kaggle.service, newest.run) is not None:
        return None
    try:
        return ForeignRun(newest, kaggle.status(newest.run).status)
    except InvalidInput:
        # Saved in the editor, without a run; or pushed a moment ago.
        return ForeignRun(newest, None)


def foreign_versions(
    newest: KernelVersion,
    after: int,
    kaggle: Kaggle,
    ledger: Ledger,
    searched: int = SEARCHED_VERSIONS,
) -> Iterator[KernelVersion]:
    """Yield a kernel's versions after this number that the ledger does not know, newest first.

    Only the newest `searched` ones are.
    """
    last = newest.run.version
    for number in range(last, max(after, last - searched - 1), -1):
        run = RunRef(newest.run.kernel, number)
        if ledger.get(kaggle.service, run) is None:
            version = newest if number == last else kaggle.version(run)
            if version is not None:
                yield version


def is_hidden(
    kernel: KernelRef, newest: KernelVersion | None, kaggle: Kaggle, ledger: Ledger
) -> bool:
    """Return whether Kaggle lists a kernel of which it shows no version, nor the ledger a run.

    Another machine has pushed to it within minutes, perhaps the same job.
    """
    if newest is not None or ledger.latest(kaggle.service, kernel) is not None:
        return False
    try:
        return kaggle.lists(kernel)
    except KitError:  # Lists are refused for some credentials.
        return False


def _pool(version: KernelVersion) -> str:
    machine = accelerators.find(version.machine_shape or "cpu")
    return machine.pool if machine else "gpu"
