"""Following a run in the terminal: its log on stdout; Ctrl-C leaves the run running."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kitctl.cli.context import CommandContext
from kitctl.errors import Interrupted, NextCommand

if TYPE_CHECKING:
    from kitctl.domain.runs import RunRef
    from kitctl.operations.shared.find_run import TargetRun
    from kitctl.operations.shared.run_status import RunStatus
    from kitctl.ports import LogLine


def follow_run(
    context: CommandContext, target: TargetRun, *, raw: bool, skip: int = 0
) -> tuple[RunStatus, list[LogLine]]:
    """Print the log as it comes, without its first `skip` lines, until the run has ended.

    Returns the state in which it ended, and with --json the lines, which were then not printed.
    """
    from kitctl.operations.shared.watch import follow
    from kitctl.render.logs import line_text

    lines: list[LogLine] = []
    count = 0

    def show(line: LogLine) -> None:
        nonlocal count
        count += 1
        if count > skip:
            context.output.line(line_text(line, target.ref.version, raw=raw))
            if context.options.json:
                lines.append(line)

    with hint_on_interrupt(target.ref):
        state = follow(target, context.client, context.ledger, context.clock, context.console, show)
    return state, lines


@contextmanager
def hint_on_interrupt(run: RunRef) -> Iterator[None]:
    """On Ctrl-C, say that the run goes on, and how to follow, cancel and pull it."""
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
