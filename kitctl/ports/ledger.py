"""The port to the ledger: the runs that this user pushed, and the quota readings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kitctl.domain.quota.quota import QuotaReading, RunOccupancy
    from kitctl.domain.runs.groups import GroupKey
    from kitctl.domain.runs.run import Facts, Intent, KernelRef, Run, RunRef, Status

AdmissionCheck = Callable[["Sequence[Run]"], None]
"""Called with every run that has not ended; raises Refused to keep an intent out of the ledger."""


class Ledger(Protocol):
    """What this user pushed, and what is known of it. Several kitctl may use it at once.

    Times are seconds since 1970 UTC on Kaggle's clock. `service` is "kaggle" or "local".
    """

    def admit(self, intent: Intent, check: AdmissionCheck) -> Run:
        """Write the intent down unless `check` raises, both in one transaction.

        `check` is called with the account's runs that have not ended, intents included, so that two
        pushes at once never both pass where only one fits.
        """

    def record_version(self, run_id: int, kernel: KernelRef, version: int, at: float) -> Run:
        """Record that Kaggle accepted it as this version; from now on it is QUEUED."""

    def record_lost_answer(self, run_id: int, until: float) -> None:
        """Record that nobody sends this intent any more; from `until` on Kaggle knows its fate."""

    def withdraw(self, run_id: int) -> None:
        """Forget an intent that did not become a run."""

    def record_status(
        self, run_id: int, status: Status, at: float, failure_message: str = ""
    ) -> Run:
        """Record a polled state, and estimate anew when the run occupied its machine."""

    def record_missing(self, run_id: int, at: float) -> Run:
        """Record that Kaggle did not show the run; the first such time since it did counts."""

    def update_facts(self, run_id: int, facts: Facts) -> Run:
        """Add facts to the run; a fact of None keeps the one that is known."""

    def record_pull(self, run_id: int, at: float, folder: str, files: int, size: int) -> None:
        """Record that the run's outputs were fetched, whole and checked."""

    def get(self, service: str, run: RunRef) -> Run | None:
        """Return the run of this name."""

    def latest(self, service: str, kernel: KernelRef) -> Run | None:
        """Return the kernel's newest run that Kaggle accepted; not a version that is only saved.

        Here and below a kernel is also that of a job with this id, which Kaggle named otherwise.
        """

    def last_account(self, service: str) -> str | None:
        """Return the account of the newest run or quota reading, for use without Kaggle."""

    def same_script_runs(self, service: str, account: str, script_sha256: str) -> list[Run]:
        """Return the runs of this script that have not ended or are COMPLETE, newest first."""

    def runs(
        self,
        service: str,
        account: str | None,
        *,
        kernel: KernelRef | None = None,
        statuses: Collection[Status] = (),
        limit: int | None = None,
    ) -> list[Run]:
        """Return runs, newest first; `account` None is all of them, empty `statuses` any."""

    def runs_of_lines(self, service: str, *, kernel: KernelRef | None, limit: int) -> list[Run]:
        """Return the runs of the newest `limit` lines, newest first; a group is one line."""

    def group_usage(self, service: str, groups: Collection[GroupKey]) -> list[RunOccupancy]:
        """Return all runs of these groups, oldest first."""

    def unfinished_runs(self, service: str, account: str) -> list[Run]:
        """Return the runs that have not ended as far as the ledger knows; intents included."""

    def past_runs(
        self, service: str, kernel: KernelRef, pool: str, *, limit: int = 20
    ) -> list[Run]:
        """Return the kernel's COMPLETE runs on this pool, newest first."""

    def usage(self, service: str, account: str, since: float, until: float) -> list[RunOccupancy]:
        """Return the GPU and TPU runs that occupied their machine in this time, or may have."""

    def runs_without_log(
        self, service: str, account: str, since: float, *, limit: int
    ) -> list[Run]:
        """Return runs that ended since then, not watched closely and log unread, newest first."""

    def store_reading(self, service: str, account: str, reading: QuotaReading) -> None:
        """Store the latest reading of each pool and week; Kaggle forgets past weeks."""

    def readings(self, service: str, account: str, since: float) -> list[QuotaReading]:
        """Return the stored readings of weeks that end after `since`, oldest first."""
