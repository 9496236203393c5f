"""Pushes without a recorded answer: find out from Kaggle what became of them."""

from __future__ import annotations

from collections.abc import Sequence

from kitctl.domain.job.same_source import is_source_of
from kitctl.domain.runs.run import Run, Status
from kitctl.operations.watching.foreign_run import foreign_versions
from kitctl.ports import Kaggle, KernelVersion, Ledger, Reporter

# By how much Kaggle's times may differ from each other.
CLOCK_SECONDS = 60.0


def settle_lost_pushes(kaggle: Kaggle, ledger: Ledger, reporter: Reporter) -> list[Run]:
    """Record the version of each intent that has none; forget one that Kaggle did not accept.

    Returns the runs that now have a version.
    """
    settled = []
    for run in _sending(kaggle, ledger):
        recorded = settle(run, kaggle, ledger, reporter)
        if recorded is not None:
            settled.append(recorded)
        elif kaggle.now() > run.sending_until:
            ledger.withdraw(run.id)
    return settled


def settle(run: Run, kaggle: Kaggle, ledger: Ledger, reporter: Reporter) -> Run | None:
    """Record the version that an intent became; None where Kaggle shows none (yet)."""
    others = [other for other in _sending(kaggle, ledger) if other.id != run.id]
    candidate = _version_of(run, others, kaggle, ledger)
    if candidate is None:
        return None
    version = candidate.run
    if not is_source_of(run.intent, candidate.source):
        reporter.warn(
            f"{version} is taken for the push whose answer was lost, but its source is another."
            " If it was saved elsewhere, the push did not arrive: push it again with --force."
        )
    return ledger.record_version(run.id, version.kernel, version.version, run.intent.written_at)


def _sending(kaggle: Kaggle, ledger: Ledger) -> list[Run]:
    runs = ledger.unfinished_runs(kaggle.service, kaggle.account())
    return [run for run in runs if run.status is Status.SENDING]


def _version_of(
    run: Run, others: Sequence[Run], kaggle: Kaggle, ledger: Ledger
) -> KernelVersion | None:
    """Return the version since the intent that is its own.

    That is the first one with its source that is no other run's. Where there is none, a newest
    version that is nobody else's counts too: better a wrong source than a run paid for twice.
    """
    shown = kaggle.newest_version(run.intent.kernel)
    if shown is None:
        return None
    versions = list(foreign_versions(shown, run.intent.newest_before, kaggle, ledger))
    for version in reversed(versions):
        if is_source_of(run.intent, version.source):
            return version
    newest = versions[0] if versions else None
    if newest is None or any(is_source_of(other.intent, newest.source) for other in others):
        return None
    last_run_at = newest.last_run_at or run.intent.written_at
    return newest if last_run_at >= run.intent.written_at - CLOCK_SECONDS else None
