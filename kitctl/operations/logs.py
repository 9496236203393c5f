"""The log of a run: of an ended one whole, of a running one as far as it has come."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from kitctl.domain.runs import RunRef
from kitctl.operations.shared.find_run import TargetRun
from kitctl.operations.status import RunStatus, read_status
from kitctl.ports import Kaggle, Ledger, LogLine


@dataclass(frozen=True)
class Log:
    """Lines of a run's log, and the state it had."""

    run: RunRef
    status: RunStatus
    lines: tuple[LogLine, ...]

    def as_data(self) -> dict[str, object]:
        return {"run": str(self.run), "status": self.status.status, "lines": self.lines}


def read_log(found: TargetRun, kaggle: Kaggle, ledger: Ledger, tail: int | None = None) -> Log:
    """The log of an ended run, or what a running one has written so far."""
    status = read_status(found, kaggle, ledger)
    lines = kaggle.log(found.ref) if status.status.ended else kaggle.log_so_far(found.ref)
    return Log(found.ref, status, tuple(last(lines, tail)))


def last(lines: Iterator[LogLine] | list[LogLine], count: int | None) -> list[LogLine]:
    """The last `count` lines; all of them where it is None."""
    return list(lines if count is None else deque(lines, maxlen=count))
