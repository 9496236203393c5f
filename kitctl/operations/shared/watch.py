"""Following a run to its end: its state by polls, its log as it comes."""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

from kitctl.domain import durations
from kitctl.domain.runs import Facts, RunRef, Status
from kitctl.errors import InvalidInput, KitError, NetworkFailed, NextCommand, RunCancelled
from kitctl.operations.shared.find_run import TargetRun
from kitctl.operations.shared.reporter import NullReporter, ProgressBar, Reporter
from kitctl.operations.status import RunStatus, read_status
from kitctl.ports import Clock, Kaggle, Ledger, LogLine

SESSION = re.compile(r"session (\d+)")

# Seconds between two polls: close where states change, wide where they rarely do.
FIRST_POLL, SLOWEST_POLL, POLL_GROWTH = 0.5, 15.0, 1.3

# So long Kaggle may be out of reach before a watcher gives up; the run goes on either way.
PATIENCE_SECONDS = 1800.0

# So long the rest of the log may take after the run's end.
LAST_LINES_SECONDS = 30.0

OnLine = Callable[[LogLine], None]


def wait_for_end(
    found: TargetRun,
    kaggle: Kaggle,
    ledger: Ledger,
    clock: Clock,
    reporter: Reporter,
    *,
    timeout: float | None = None,
) -> RunStatus:
    """Polls until the run has ended.

    Raises RunCancelled (code wait_timeout) when it has not within `timeout` seconds.
    """
    with _LiveLine(reporter, str(found.ref)) as live:
        watch = _Watch(found, kaggle, ledger, clock, reporter, live)
        return watch.to_its_end(_NoLog(clock), timeout)


def follow(
    found: TargetRun,
    kaggle: Kaggle,
    ledger: Ledger,
    clock: Clock,
    reporter: Reporter,
    on_line: OnLine,
) -> RunStatus:
    """Hands on each line of the log as it comes, until the run has ended."""

    def take(line: LogLine) -> None:
        live.close()  # From here on the log itself is live enough.
        session = SESSION.fullmatch(line.text)
        if session and found.record:
            ledger.update_facts(found.record.id, Facts(session_id=int(session[1])))
        on_line(line)

    with _LiveLine(reporter, str(found.ref)) as live:
        watch = _Watch(found, kaggle, ledger, clock, reporter, live)
        return watch.to_its_end(_Log(found.ref, kaggle, take), None)


class _LiveLine:
    """A line that tells the state, until there is something better to see."""

    def __init__(self, reporter: Reporter, text: str) -> None:
        self._open = ExitStack()
        self._bar: ProgressBar = self._open.enter_context(reporter.progress(text))

    def __enter__(self) -> _LiveLine:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def show(self, status: RunStatus) -> None:
        spent = status.running_seconds if status.record and status.record.started_at else None
        seconds = status.queued_seconds if spent is None else spent
        said = status.status.lower().replace("_", " ")
        aside = "" if seconds is None else f" ({durations.describe(seconds)})"
        self._bar.describe(f"{status.ref}: {said}", aside)

    def close(self) -> None:
        self._bar = NullReporter()
        self._open.close()


class _Watch:
    def __init__(
        self,
        found: TargetRun,
        kaggle: Kaggle,
        ledger: Ledger,
        clock: Clock,
        reporter: Reporter,
        live: _LiveLine,
    ) -> None:
        self._found, self._kaggle, self._ledger = found, kaggle, ledger
        self._clock, self._reporter, self._live = clock, reporter, live
        self._unreachable_since: float | None = None

    def to_its_end(self, log: _NoLog | _Log, timeout: float | None) -> RunStatus:
        begun = self._clock.monotonic()
        pause = FIRST_POLL
        last: Status | None = None
        while True:
            status = self._polled()
            if status is not None:
                pause = FIRST_POLL if status.status is not last else pause
                last = status.status
                self._live.show(status)
                if status.status.ended:
                    log.finish(LAST_LINES_SECONDS)
                    return status
            waited = self._clock.monotonic() - begun
            if timeout is not None and waited >= timeout:
                raise _not_ended(self._found.ref, timeout)
            left = pause if timeout is None else min(pause, timeout - waited)
            if log.pass_on(left):  # The log is over, so the run is about to be.
                pause = FIRST_POLL
            pause = min(SLOWEST_POLL, pause * POLL_GROWTH)

    def _polled(self) -> RunStatus | None:
        """The state now; None where Kaggle cannot be reached for a while."""
        try:
            status = read_status(self._found, self._kaggle, self._ledger)
        except NetworkFailed as error:
            now = self._clock.monotonic()
            self._unreachable_since = self._unreachable_since or now
            if now - self._unreachable_since > PATIENCE_SECONDS:
                raise NetworkFailed(
                    f"{error.message} The run goes on.",
                    code=error.code,
                    hint=NextCommand("wait", f"{self._found.ref.version}"),
                ) from None
            self._reporter.warn(f"{error.message} The run goes on; still trying.")
            return None
        self._unreachable_since = None
        return status


class _NoLog:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def pass_on(self, seconds: float) -> bool:
        self._clock.sleep(seconds)
        return False

    def finish(self, seconds: float) -> None:
        pass


class _Log:
    """The log, read in a thread of its own, since it blocks for as long as the job is quiet."""

    def __init__(self, ref: RunRef, kaggle: Kaggle, take: OnLine) -> None:
        self._ref, self._kaggle, self._take = ref, kaggle, take
        self._lines: queue.SimpleQueue[LogLine | None] = queue.SimpleQueue()
        self._over = False
        self._stop = threading.Event()
        threading.Thread(target=self._read, daemon=True, name=f"log of {ref}").start()

    def pass_on(self, seconds: float) -> bool:
        """Hands on the lines that come within `seconds`; whether the log has just ended."""
        if self._over:
            self._stop.wait(seconds)
            return False
        end = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                return False
            if line is None:
                self._over = True
                return True
            self._take(line)

    def finish(self, seconds: float) -> None:
        """Hands on what is left of the log, as long as lines come so soon after each other."""
        while not self._over and self.pass_on(seconds):
            pass

    def _read(self) -> None:
        while not self._over:
            try:
                for line in self._kaggle.follow_log(self._ref):
                    self._lines.put(line)
                break
            except InvalidInput:
                # There is no log yet.
                if self._stop.wait(3.0):
                    return
            except KitError:
                # The polls say whether Kaggle is out of reach for good.
                if self._stop.wait(10.0):
                    return
        self._lines.put(None)


def _not_ended(ref: RunRef, timeout: float) -> RunCancelled:
    return RunCancelled(
        f"{ref} has not ended within {durations.describe(timeout)}; it goes on.",
        code="wait_timeout",
        hint=NextCommand("wait", f"{ref.version}"),
    )
