"""Following a run in the terminal: its log on stdout; Ctrl-C leaves the run running."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kitctl.cli.context import CommandContext
from kitctl.errors import Interrupted, NextCommand
from kitctl.render.logs import line_text

if TYPE_CHECKING:
    from kitctl.domain.runs.run import RunRef
    from kitctl.operations.watching.find_run import TargetRun
    from kitctl.operations.watching.run_status import RunStatus
    from kitctl.ports import LogLine


class LinePrinter:
    """Prints lines of a run's log but the first `skip`, and keeps what --json shows of them."""

    def __init__(
        self, context: CommandContext, run: RunRef, *, raw: bool = False, skip: int = 0
    ) -> None:
        self._context, self._run, self._raw, self._skip = context, run, raw, skip
        self.lines: list[LogLine] = []
        self.count = 0

    def show(self, line: LogLine) -> None:
        self.count += 1
        if self._skip > 0:
            self._skip -= 1
        elif self._context.options.json:
            self.lines.append(line)
        elif self._raw:
            self._context.output.raw_line(line.text)
        else:
            self._context.output.line(line_text(line, self._run.version))


def follow_run(
    context: CommandContext, target: TargetRun, show: Callable[[LogLine], None]
) -> RunStatus:
    """Show the log as it comes, until the run has ended; return the state in which it ended."""
    with hint_on_interrupt(target.ref):
        return show_log(context, target, show)


def show_log(
    context: CommandContext, target: TargetRun, show: Callable[[LogLine], None]
) -> RunStatus:
    """Do as `follow_run`, for a caller that says itself what Ctrl-C leaves."""
    from kitctl.operations.watching.watch import follow
    from kitctl.render.live_line import live_line

    options, record = context.options, target.record
    with live_line(
        is_shown=not (options.json or options.quiet),
        uses_quota=record is not None and record.intent.pool != "cpu",
    ) as progress:

        def pass_on(line: LogLine) -> None:
            if progress is not None:
                progress.read(line.time, line.text)
            show(line)

        return follow(
            target, context.client, context.ledger, context.clock, context.console, pass_on
        )


@contextmanager
def hint_on_interrupt(run: RunRef) -> Iterator[None]:
    """On Ctrl-C, say that the run goes on, and how to follow, cancel and pull it."""
    try:
        yield
    except KeyboardInterrupt:
        name = str(run)
        raise Interrupted(
            f"{run} goes on at Kaggle.",
            hint=(
                NextCommand("logs", "-f RUN", run=name),
                " | ",
                NextCommand("cancel", "RUN", run=name),
                " | ",
                NextCommand("pull-results", "RUN --wait", run=name),
            ),
        ) from None
