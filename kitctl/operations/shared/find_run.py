"""Find the run that a command line names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kitctl.domain.runs import KernelRef, Run, RunName, RunRef
from kitctl.errors import InvalidInput, NextCommand
from kitctl.ports import Kaggle, Ledger


@dataclass(frozen=True)
class TargetRun:
    """A run on Kaggle, and the ledger's record of it; None where it was not pushed from here."""

    ref: RunRef
    record: Run | None


def find_run(
    name: RunName, project_kernel: Callable[[], KernelRef], kaggle: Kaggle, ledger: Ledger
) -> TargetRun:
    """Return the run of this name; `project_kernel` is called only where the name has no kernel.

    Raises InvalidInput where the project has no run yet.
    """
    kernel = name.kernel or project_kernel()
    if name.version is not None:
        ref = RunRef(kernel, name.version)
        return TargetRun(ref, ledger.get(kaggle.service, ref))
    latest = ledger.latest(kaggle.service, kernel)
    if latest is not None and latest.ref is not None:
        return TargetRun(latest.ref, latest)
    newest = kaggle.newest_version(kernel)
    if newest is None:
        raise InvalidInput(
            f"{kernel} has no run yet.", code="no_run", hint=NextCommand("push", note="starts one")
        )
    return TargetRun(newest.run, None)
