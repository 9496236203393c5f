"""A run of trials that is under way: its state, and the metric that its log gives of each."""

from __future__ import annotations

import io
from collections.abc import Sequence

from kitctl.domain.results import run_report
from kitctl.domain.results.history import read_history
from kitctl.domain.results.metrics import finite_number
from kitctl.domain.results.session_log import SessionLog
from kitctl.domain.runs.run import Facts
from kitctl.domain.runs.session_id import SessionIdReader
from kitctl.domain.runs.trials import Trial
from kitctl.errors import KitError
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.followed_log import LAST_LINES_SECONDS, FollowedLog
from kitctl.operations.watching.poller import PATIENCE_SECONDS, Poller
from kitctl.operations.watching.run_facts import with_own_facts
from kitctl.operations.watching.run_status import RunStatus
from kitctl.operations.watching.watch import FIRST_POLL, POLL_GROWTH, SLOWEST_POLL
from kitctl.ports import Clock, Kaggle, Ledger, LogLine, Reporter

LARGEST_HISTORY_BYTES = 20_000_000


class WatchedSession:
    """Follows a run of trials without waiting, so that several can be followed at once.

    `trials` are those of the run whose end is not recorded yet, `numbers` are all of them.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        target: TargetRun,
        numbers: Sequence[int],
        metric: str,
        kaggle: Kaggle,
        ledger: Ledger,
        clock: Clock,
        reporter: Reporter,
    ) -> None:
        self.trials = {trial.number: trial for trial in trials}
        self.target = target
        self.log = SessionLog(metric, numbers)
        self._session = SessionIdReader()
        self.is_stopped = False
        self.judged_epochs = 0
        self.metric = metric
        self._kaggle, self._ledger, self._clock = kaggle, ledger, clock
        self._poller = Poller(target, kaggle, ledger, clock, reporter, PATIENCE_SECONDS)
        self._lines = FollowedLog(target.ref, kaggle, self._read, reporter, LAST_LINES_SECONDS)
        self._interval, self._next_poll = FIRST_POLL, 0.0
        self._last_status: object = None

    def advance(self) -> RunStatus | None:
        """Read what has come; return how the run ended, None while it goes on.

        Raises NetworkFailed where Kaggle is unreachable for half an hour.
        """
        if self._lines.pass_on_lines(0):  # The log has ended, so the run is about to end.
            self._next_poll, self._interval = 0.0, FIRST_POLL
        if self._clock.monotonic() < self._next_poll:
            return None
        status = self._poller.poll()
        if status is not None and status.status.ended:
            self._lines.finish()
            return with_own_facts(status, self._kaggle, self._ledger)
        if status is not None and status.status is not self._last_status:
            self._last_status, self._interval = status.status, FIRST_POLL
        self._next_poll = self._clock.monotonic() + self._interval
        self._interval = min(SLOWEST_POLL, self._interval * POLL_GROWTH)
        return None

    @property
    def is_shared(self) -> bool:
        """Whether the run holds several trials."""
        return len(self.log.trials) > 1

    def values(self, number: int) -> list[float]:
        """Return a trial's metric after the run: of each epoch, or one; none where it left none.

        What the log does not say is read from history.csv or metrics.json.
        """
        log = self.log.trials[number]
        if log.whole_curve:
            return list(log.whole_curve.values())
        if log.single_value is not None:
            return [log.single_value]
        try:
            return self._values_of_outputs(f"trial-{number}/" if self.is_shared else "")
        except KitError:
            return []

    def _values_of_outputs(self, folder: str) -> list[float]:
        run = self.target.ref
        history = self._kaggle.output(run, f"{folder}history.csv", LARGEST_HISTORY_BYTES)
        try:
            columns = read_history(io.BytesIO(history or b"")).columns
        except run_report.Unreadable:
            columns = {}
        numbers = [finite_number(value) for value in columns.get(self.metric, ())]
        if not any(number is not None for number in numbers):
            content = self._kaggle.output(
                run, f"{folder}metrics.json", run_report.LARGEST_JSON_BYTES
            )
            numbers = [finite_number(run_report.read_object(content).get(self.metric))]
        return [number for number in numbers if number is not None]

    def _read(self, line: LogLine) -> None:
        self.log.read(line.time, line.text)
        if self._session.is_over or self.target.record is None:
            return
        self._session.read(line.stream, line.text)
        if self._session.session_id is not None:
            # Known beforehand, it need not be looked for when the trial is to be stopped.
            facts = Facts(session_id=self._session.session_id)
            record = self._ledger.update_facts(self.target.record.id, facts)
            self.target = TargetRun(self.target.ref, record)
