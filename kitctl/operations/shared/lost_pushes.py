"""Pushes without a recorded answer: find out from Kaggle what became of them."""

from __future__ import annotations

from collections.abc import Iterator

from kitctl.domain.runs import KernelRef, Run, RunRef, Status, source_sha256
from kitctl.ports import Kaggle, KernelVersion, Ledger


def settle_lost_pushes(kaggle: Kaggle, ledger: Ledger) -> list[Run]:
    """Record the version of each intent that has none; forget one that Kaggle did not accept.

    Returns the runs that now have a version.
    """
    account = kaggle.account()
    settled = []
    for run in ledger.unfinished_runs(kaggle.service, account):
        if run.status is not Status.SENDING:
            continue
        version = _version_of(run, kaggle, ledger)
        if version is not None:
            settled.append(
                ledger.record_version(
                    run.id, version.kernel, version.version, run.intent.written_at
                )
            )
        elif kaggle.now() > run.sending_until:
            ledger.withdraw(run.id)
    return settled


def _version_of(run: Run, kaggle: Kaggle, ledger: Ledger) -> RunRef | None:
    """Return the first version since the intent with its source that is no other run's."""
    for version in _versions_since(run.intent.newest_before, run.intent.kernel, kaggle):
        is_known = ledger.get(kaggle.service, version.run) is not None
        if not is_known and source_sha256(version.source) == run.intent.source_sha256:
            return version.run
    return None


def _versions_since(number: int, kernel: KernelRef, kaggle: Kaggle) -> Iterator[KernelVersion]:
    """Yield the kernel's versions after this number, oldest first."""
    newest = kaggle.newest_version(kernel)
    if newest is None:
        return
    for older in range(number + 1, newest.run.version):
        version = kaggle.version(RunRef(kernel, older))
        if version is not None:
            yield version
    if newest.run.version > number:
        yield newest
