"""`logs`: the log of an ended run as a whole, of a running one as far as it has come."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kitctl.domain.runs.run import RunRef, Status
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.run_status import RunStatus, read_status
from kitctl.ports import Kaggle, Ledger, LogLine


@dataclass(frozen=True)
class Log:
    """Lines of a run's log, and the run's state when they were read."""

    run: RunRef
    status: RunStatus
    lines: tuple[LogLine, ...]

    def as_data(self) -> dict[str, object]:
        return {"run": str(self.run), "status": self.status.status, "lines": self.lines}


def read_log(
    target: TargetRun,
    kaggle: Kaggle,
    ledger: Ledger,
    on_line: Callable[[LogLine], None],
    tail: int | None = None,
) -> RunStatus:
    """Call `on_line` with each line of a run's log as it is read; return the run's state.

    With `tail` only with the last lines, so not before all are read.
    """
    status = read_status(target, kaggle, ledger)
    lines = _lines(status, kaggle)
    for line in lines if tail is None else deque(lines, maxlen=tail):
        on_line(line)
    return status


def _lines(status: RunStatus, kaggle: Kaggle) -> Iterable[LogLine]:
    if status.status is Status.QUEUED:
        # There is no log, and Kaggle would answer only once there is one.
        return ()
    return kaggle.log(status.ref) if status.status.ended else kaggle.log_so_far(status.ref)
