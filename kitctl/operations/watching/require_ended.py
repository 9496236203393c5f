"""Refuse to use what a run left before it has ended, or where it did not end well."""

from __future__ import annotations

from kitctl.domain.runs.run import Status
from kitctl.errors import NextCommand, Refused
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.run_status import RunStatus, read_status
from kitctl.ports import Kaggle, Ledger


def require_ended(
    target: TargetRun, kaggle: Kaggle, ledger: Ledger, outcome: str, waits: NextCommand
) -> RunStatus:
    """Return the state of a run that has ended.

    Raises Refused, with the `outcome` for what was asked and the command that waits, where it has
    not.
    """
    state = read_status(target, kaggle, ledger)
    if not state.status.ended:
        raise Refused(
            f"{target.ref} has not ended ({state.status.label}); {outcome}.",
            code="run_under_way",
            hint=waits,
        )
    return state


def require_complete(
    target: TargetRun, kaggle: Kaggle, ledger: Ledger, command: str, *, force: bool
) -> None:
    """Raise Refused where the run has not ended, or without `force` where it is not complete.

    `command` is the one that was typed, such as "submit".
    """
    waits = NextCommand("wait", "RUN", run=str(target.ref))
    state = require_ended(target, kaggle, ledger, "nothing was sent", waits)
    if state.status is not Status.COMPLETE and not force:
        raise Refused(
            f"{target.ref} did not end well ({state.status.label}), so that what it left may be"
            " unfinished; nothing was sent.",
            code="run_not_complete",
            hint=NextCommand(command, "RUN --force", "sends it all the same", str(target.ref)),
        )
