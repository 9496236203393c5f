"""Watch a run to its end: poll its state, and pass on its log as it comes."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Protocol

from kitctl.domain.runs import durations
from kitctl.domain.runs.run import Facts, RunRef, Status
from kitctl.domain.runs.session_id import SessionIdReader
from kitctl.errors import NextCommand, RunCancelled
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.followed_log import LAST_LINES_SECONDS, FollowedLog, OnLine
from kitctl.operations.watching.poller import PATIENCE_SECONDS, Poller
from kitctl.operations.watching.run_facts import with_own_facts
from kitctl.operations.watching.run_status import RunStatus
from kitctl.ports import Clock, Kaggle, Ledger, LogLine, NullReporter, ProgressBar, Reporter

# Seconds between two polls: short while the state changes, long while it rarely does.
FIRST_POLL, SLOWEST_POLL, POLL_GROWTH = 0.5, 15.0, 1.3


def wait_for_end(
    target: TargetRun,
    kaggle: Kaggle,
    ledger: Ledger,
    clock: Clock,
    reporter: Reporter,
    *,
    timeout: float | None = None,
    patience: float = PATIENCE_SECONDS,
) -> RunStatus:
    """Poll until the run has ended, and return the state that it ended in.

    Raises RunCancelled (code wait_timeout) where it has not within `timeout` seconds, NetworkFailed
    where Kaggle is unreachable for `patience` seconds.
    """
    with _StatusLine(reporter, target) as status_line:
        poller = Poller(target, kaggle, ledger, clock, reporter, patience)
        status = _watch(poller, status_line, _NoLog(clock), clock, timeout)
        return with_own_facts(status, kaggle, ledger)


def follow(
    target: TargetRun,
    kaggle: Kaggle,
    ledger: Ledger,
    clock: Clock,
    reporter: Reporter,
    on_line: OnLine,
    *,
    last_lines_seconds: float = LAST_LINES_SECONDS,
) -> RunStatus:
    """Call `on_line` with each line of the log as it comes, until the run has ended.

    Raises NetworkFailed where Kaggle is unreachable for half an hour.
    """

    session = SessionIdReader()

    def pass_on(line: LogLine) -> None:
        status_line.close()  # From here on the log itself shows that the run is alive.
        if target.record and not session.is_over:
            session.read(line.stream, line.text)
            if session.session_id is not None:
                ledger.update_facts(target.record.id, Facts(session_id=session.session_id))
        on_line(line)

    with _StatusLine(reporter, target) as status_line:
        poller = Poller(target, kaggle, ledger, clock, reporter, PATIENCE_SECONDS)
        log = FollowedLog(target.ref, kaggle, pass_on, reporter, last_lines_seconds)
        status = _watch(poller, status_line, log, clock, None)
        return with_own_facts(status, kaggle, ledger)


def _watch(
    poller: Poller,
    status_line: _StatusLine,
    log: _LogSource,
    clock: Clock,
    timeout: float | None,
) -> RunStatus:
    """Poll at growing intervals, reading the log in between, until the run has ended."""
    started = clock.monotonic()
    interval = FIRST_POLL
    last: Status | None = None
    while True:
        status = poller.poll()
        if status is not None:
            interval = FIRST_POLL if status.status is not last else interval
            last = status.status
            status_line.show(status)
            if status.status.ended:
                log.finish()
                return status
        waited = clock.monotonic() - started
        if timeout is not None and waited >= timeout:
            raise _not_ended(poller.ref, timeout)
        pause = interval if timeout is None else min(interval, timeout - waited)
        if log.pass_on_lines(pause):  # The log has ended, so the run is about to end.
            interval = FIRST_POLL
        interval = min(SLOWEST_POLL, interval * POLL_GROWTH)


class _StatusLine:
    """A progress line that shows the run's state, until it is closed."""

    def __init__(self, reporter: Reporter, target: TargetRun) -> None:
        # As last known: the first poll then changes nothing that must be written again.
        text = f"{target.ref}: {target.record.status.label}" if target.record else f"{target.ref}"
        self._open = ExitStack()
        self._bar: ProgressBar = self._open.enter_context(reporter.progress(text))

    def __enter__(self) -> _StatusLine:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def show(self, status: RunStatus) -> None:
        running = status.running_seconds if status.record and status.record.started_at else None
        seconds = status.queued_seconds if running is None else running
        state = status.status.label if status.is_shown else "not shown yet"
        aside = "" if seconds is None else f" ({durations.describe(seconds)})"
        self._bar.describe(f"{status.ref}: {state}", aside)

    def close(self) -> None:
        self._bar = NullReporter()
        self._open.close()


class _LogSource(Protocol):
    """What is read between two polls."""

    def pass_on_lines(self, seconds: float) -> bool:
        """Pass on the lines that come within `seconds`; return whether the log has just ended."""

    def finish(self) -> None:
        """Pass on the rest of the log."""


class _NoLog:
    """No log: only waits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def pass_on_lines(self, seconds: float) -> bool:
        self._clock.sleep(seconds)
        return False

    def finish(self) -> None:
        pass


def _not_ended(ref: RunRef, timeout: float) -> RunCancelled:
    return RunCancelled(
        f"{ref} has not ended within {durations.describe(timeout)}; it goes on.",
        code="wait_timeout",
        hint=NextCommand("wait", "RUN", run=str(ref)),
    )
