"""Following a run in the terminal: its log on stdout, Ctrl-C leaves it running."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kitctl.cli.connection import Road
from kitctl.cli.invocation import Invocation
from kitctl.errors import Interrupted, NextCommand

if TYPE_CHECKING:
    from kitctl.domain.runs import RunRef
    from kitctl.operations.shared.find_run import TargetRun
    from kitctl.operations.status import RunStatus
    from kitctl.ports import LogLine


def follow_run(
    invocation: Invocation, road: Road, found: TargetRun, *, raw: bool, skip: int = 0
) -> tuple[RunStatus, list[LogLine]]:
    """Prints the log as it comes, but for its first `skip` lines, until the run has ended.

    Returns the state it ended in, and the lines (for machines, who get them in one piece).
    """
    from kitctl.operations.shared.watch import follow
    from kitctl.render.logs import line_text

    lines: list[LogLine] = []
    met = 0

    def show(line: LogLine) -> None:
        nonlocal met
        met += 1
        if met > skip:
            invocation.output.line(line_text(line, found.ref.version, raw=raw))
            if invocation.options.json:
                lines.append(line)

    with goes_on(found.ref):
        status = follow(found, road.kaggle, road.ledger, road.clock, invocation.console, show)
    return status, lines


@contextmanager
def goes_on(run: RunRef) -> Iterator[None]:
    """Says on Ctrl-C that the run goes on, and what to do about it."""
    try:
        yield
    except KeyboardInterrupt:
        number = run.version
        raise Interrupted(
            f"{run} goes on at Kaggle.",
            hint=(
                NextCommand("logs", f"-f {number}"),
                " | ",
                NextCommand("cancel", f"{number}"),
                " | ",
                NextCommand("pull-results", f"{number} --wait"),
            ),
        ) from None
