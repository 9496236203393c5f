"""`logs`: the log of an ended run as a whole, of a running one as far as it has come."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from kitctl.domain.runs import RunRef
from kitctl.operations.shared.find_run import TargetRun
from kitctl.operations.shared.run_status import RunStatus, read_status
from kitctl.ports import Kaggle, Ledger, LogLine


@dataclass(frozen=True)
class Log:
    """Lines of a run's log, and the run's state when they were read."""

    run: RunRef
    status: RunStatus
    lines: tuple[LogLine, ...]

    def as_data(self) -> dict[str, object]:
        return {"run": str(self.run), "status": self.status.status, "lines": self.lines}


def read_log(target: TargetRun, kaggle: Kaggle, ledger: Ledger, tail: int | None = None) -> Log:
    """Return the last `tail` lines of a run's log; all of them where it is None."""
    status = read_status(target, kaggle, ledger)
    lines = kaggle.log(target.ref) if status.status.ended else kaggle.log_so_far(target.ref)
    return Log(target.ref, status, tuple(deque(lines, maxlen=tail)))
