"""Find the run that a command line names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kitctl.domain.runs.run import KernelRef, Run, RunName, RunRef, Status, kernel_of_job
from kitctl.errors import InvalidInput, NextCommand
from kitctl.operations.watching.lost_pushes import settle_lost_pushes
from kitctl.ports import Kaggle, Ledger, Reporter


@dataclass(frozen=True)
class TargetRun:
    """A run on Kaggle, and the ledger's record of it; None where it was not pushed from here."""

    ref: RunRef
    record: Run | None


def find_run(
    name: RunName,
    project_kernel: Callable[[], KernelRef],
    kaggle: Kaggle,
    ledger: Ledger,
    reporter: Reporter,
) -> TargetRun:
    """Return the run of this name; `project_kernel` is called only where the name has no kernel.

    Raises InvalidInput where the project has no run yet, as far as is known.
    """
    kernel = _named_kernel(name.kernel, kaggle) if name.kernel else project_kernel()
    if name.version is not None:
        ref = RunRef(kernel, name.version)
        record = ledger.get(kaggle.service, ref) or _renamed(ref, kaggle, ledger)
        return TargetRun(record.ref if record and record.ref else ref, record)
    if is_sending(kernel, kaggle, ledger):
        settle_lost_pushes(kaggle, ledger, reporter)
    latest = ledger.latest(kaggle.service, kernel)
    if latest is not None and latest.ref is not None:
        return TargetRun(latest.ref, latest)
    newest = kaggle.newest_version(kernel)
    if newest is None and is_sending(kernel, kaggle, ledger):
        raise InvalidInput(
            f"It is not known yet whether Kaggle took the last push of {kernel}.",
            code="no_run",
            hint=NextCommand("runs", note="asks Kaggle what became of it"),
        )
    if newest is None:
        raise InvalidInput(
            f"{kernel} has no run yet.", code="no_run", hint=NextCommand("push", note="starts one")
        )
    return TargetRun(newest.run, ledger.get(kaggle.service, newest.run))


def _named_kernel(kernel: KernelRef, kaggle: Kaggle) -> KernelRef:
    return kernel_of_job(kernel.owner, kernel.slug, kaggle.account, kaggle.service)


def _renamed(ref: RunRef, kaggle: Kaggle, ledger: Ledger) -> Run | None:
    """Return the run of a job whose kernel has another name at Kaggle than by the job's id."""
    runs = ledger.runs(kaggle.service, None, kernel=ref.kernel)
    return next((run for run in runs if run.version == ref.version), None)


def is_sending(kernel: KernelRef, kaggle: Kaggle, ledger: Ledger) -> bool:
    """Return whether a push of the kernel has no known answer."""
    return bool(ledger.runs(kaggle.service, None, kernel=kernel, statuses=(Status.SENDING,)))
