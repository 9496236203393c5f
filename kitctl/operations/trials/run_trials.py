"""Run the trials of a sweep: push the next ones whenever there is room for a session.

What is under way is asked of the search, the ledger and Kaggle, so that a sweep that was killed
goes on. A trial whose push stands in the ledger is never pushed again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from kitctl.domain.quota.reasons_to_wait import reason_to_wait
from kitctl.domain.runs.durations import describe
from kitctl.domain.runs.run import Run, Status
from kitctl.domain.runs.trials import (
    Trial,
    TrialState,
    is_better,
    promised_seconds,
    seconds_of_trial,
    spent_seconds,
    trials_in_a_session,
)
from kitctl.errors import Interrupted, InvalidInput, KitError, NetworkFailed, NextCommand, Refused
from kitctl.operations.trials.sweep_result import SweepOutcome, TrialsResult, tried_values
from kitctl.operations.trials.sweep_runs import Sweep, SweepPorts, runs_by_trial, session_runs
from kitctl.operations.trials.under_way import SessionsUnderWay
from kitctl.operations.watching.network_patience import NetworkPatience
from kitctl.operations.watching.poller import PATIENCE_SECONDS
from kitctl.operations.watching.reconcile import reconcile
from kitctl.ports import AnswerLost, ProgressBar, Search

# Seconds between two looks at all trials; their logs come by themselves meanwhile.
TICK_SECONDS = 0.25
# Seconds before a push is tried again that Kaggle has no room for, or could not be reached for.
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
# So many trials without a result, and none with one: the job itself is wrong.
FAILURES_TO_STOP = 2

PushTrials = Callable[[Sequence[Trial], int], Run]
"""Pushes one run of these trials, which may take so many seconds; refused, nothing runs."""


def run_trials(sweep: Sweep, search: Search, push: PushTrials, ports: SweepPorts) -> TrialsResult:
    """Run trials until there are enough of them, or the hours are used.

    Raises what `push` raises where it is refused for good, Interrupted on Ctrl-C: trials under way
    go on, and so does the sweep with the same call.
    """
    reconcile(ports.kaggle, ports.ledger, ports.reporter)
    under_way = SessionsUnderWay(sweep, search, ports)
    queue = _TrialQueue(sweep, search, push, under_way, ports)
    try:
        with ports.reporter.progress("Sweep") as bar:
            outcome = queue.run(bar)
    except KeyboardInterrupt:
        raise _interrupted(under_way) from None
    except KitError:
        if names := ", ".join(under_way.names):
            ports.reporter.warn(
                f"Under way at Kaggle: {names}. The same command goes on with them."
            )
        raise
    runs = session_runs(sweep, ports)
    tried = tried_values(search.trials(), runs_by_trial(runs), sweep.space, sweep.mode)
    best = search.best()
    return TrialsResult(
        tried=tried,
        best=None if best is None else tried[best.number],
        space=sweep.space,
        metric=sweep.metric,
        mode=sweep.mode,
        sampler=sweep.sampler,
        outcome=outcome,
        limit_seconds=sweep.limits.seconds,
        spent_seconds=spent_seconds(runs),
        refused=queue.refused,
    )


def _interrupted(under_way: SessionsUnderWay) -> Interrupted:
    """Return what Ctrl-C has to say: which trials go on, and how the sweep does."""
    goes_on = NextCommand("sweep", note="goes on")
    if not under_way.names:
        return Interrupted("Stopped by Ctrl-C; no trial is under way.", hint=goes_on)
    names = ", ".join(under_way.names)
    cancels = (NextCommand("cancel", "RUN", run=run) for run in under_way.runs)
    return Interrupted(
        f"No other trial is pushed; under way at Kaggle: {names}.",
        hint=(goes_on, *(part for cancel in cancels for part in (" | ", cancel))),
    )


class _TrialQueue:
    """The trials that wait for their push, and whether another one is to be begun."""

    def __init__(
        self,
        sweep: Sweep,
        search: Search,
        push: PushTrials,
        under_way: SessionsUnderWay,
        ports: SweepPorts,
    ) -> None:
        self._sweep, self._search, self._push = sweep, search, push
        self._under_way, self._ports = under_way, ports
        self._clock = ports.clock
        self._waiting: list[Trial] = []
        self._count = self._ended = self._failures = 0
        self._best: float | None = None
        self._spent = 0.0
        self._outcome: SweepOutcome | None = None
        self._pause, self._not_before = FIRST_PAUSE, 0.0
        self._patience = NetworkPatience(ports.clock, PATIENCE_SECONDS)
        self.refused: Refused | None = None

    def run(self, bar: ProgressBar) -> SweepOutcome:
        """Push, watch and stop trials until none is under way, and none is to be pushed."""
        self._take_up_earlier_trials()
        while True:
            for trial in self._under_way.look():
                self._note(trial)
            while self._outcome is None and self._push_next():
                pass
            if self._outcome is not None and not len(self._under_way):
                return self._outcome
            bar.describe(self._state())
            self._clock.sleep(TICK_SECONDS)

    def _take_up_earlier_trials(self) -> None:
        runs = runs_by_trial(session_runs(self._sweep, self._ports))
        together: dict[int, list[Trial]] = {}
        for trial in self._search.trials():
            self._count += 1
            if trial.state is not TrialState.RUNNING:
                self._ended += 1
                self._note_value(trial.value)
            elif trial.number in runs:
                together.setdefault(runs[trial.number].id, []).append(trial)
            else:
                self._waiting.append(trial)
        for trials in together.values():
            self._under_way.take_up(trials, runs[trials[0].number])

    def _note(self, trial: Trial) -> None:
        """Take note of how a trial ended; one that never ran waits for its push again."""
        if trial.state is TrialState.RUNNING:
            self._waiting.append(trial)
            if self._outcome is SweepOutcome.TRIALS_DONE:
                self._outcome = None
            return
        self._ended += 1
        self._note_value(trial.value)
        self._failures += trial.state is TrialState.FAILED
        if self._failures >= FAILURES_TO_STOP and self._best is None:
            self._outcome = SweepOutcome.FAILED

    def _note_value(self, value: float | None) -> None:
        if value is not None and (
            self._best is None or is_better(value, self._best, self._sweep.mode)
        ):
            self._best = value

    def _push_next(self) -> bool:
        """Push the next session; return whether there may be room for another one."""
        limits, under_way = self._sweep.limits, len(self._under_way)
        if under_way >= limits.at_once or self._clock.monotonic() < self._not_before:
            return False
        if not self._waiting and limits.trials is not None and self._count >= limits.trials:
            self._outcome = SweepOutcome.TRIALS_DONE
            return False
        runs = session_runs(self._sweep, self._ports)
        self._spent = spent_seconds(runs)
        session = limits.next_session(
            *(self._spent, promised_seconds(runs), under_way, self._expected(runs)),
            self._most_in_session(runs, limits.at_once - under_way),
        )
        if session is None:
            self._outcome = None if under_way else SweepOutcome.HOURS_USED
            return False
        count, seconds = session
        while len(self._waiting) < count:
            self._waiting.append(self._search.begin())
            self._count += 1
        return self._try_to_push(self._waiting[:count], seconds)

    def _most_in_session(self, runs: Sequence[Run], free_sessions: int) -> int:
        """Return how many trials the next session may get; no session is left without any."""
        limits = self._sweep.limits
        most = limits.per_session or trials_in_a_session(runs)
        if limits.trials is None:
            return most
        left = len(self._waiting) + max(0, limits.trials - self._count)
        return min(most, math.ceil(left / free_sessions))

    def _expected(self, runs: Sequence[Run]) -> float | None:
        """Return how long a trial takes: the longest one so far, or what is foreseen of one."""
        done = [seconds_of_trial(run) for run in runs if run.status is Status.COMPLETE]
        return max([*done, *self._under_way.foreseen_seconds], default=None)

    def _try_to_push(self, trials: Sequence[Trial], seconds: int) -> bool:
        try:
            run = self._push(trials, seconds)
        except InvalidInput as error:
            self._give_up(trials, error)
            return True
        except AnswerLost as error:
            self._ports.reporter.warn(error.message)
            self._under_way.add_in_doubt(trials)
            self._no_longer_waiting(trials)
            return True
        except NetworkFailed as error:
            if self._patience.is_exhausted():
                raise
            self._ports.reporter.warn(f"{error.message} Still trying.")
            return self._try_later()
        except Refused as refused:
            self._patience.renew()
            return self._wait_for_room(refused)
        self._patience.renew()
        self._pause = FIRST_PAUSE
        self._no_longer_waiting(trials)
        self._under_way.add(trials, run)
        return True

    def _no_longer_waiting(self, trials: Sequence[Trial]) -> None:
        self._waiting = [trial for trial in self._waiting if trial not in trials]

    def _give_up(self, trials: Sequence[Trial], error: InvalidInput) -> None:
        """Record trials whose values are not possible together, which have cost nothing.

        Raises InvalidInput where that is so of every trial.
        """
        for trial in trials:
            self._search.fail(trial.number, error.message)
            self._ports.reporter.warn(f"Trial {trial.number} was not pushed. {error.message}")
        self._no_longer_waiting(trials)
        self._ended += len(trials)
        self._failures += len(trials)
        if self._failures >= FAILURES_TO_STOP and self._best is None:
            raise error

    def _wait_for_room(self, refused: Refused) -> bool:
        """Try again later where that may help.

        Raises Refused where it does not.
        """
        reason = reason_to_wait(refused)
        if reason is None:
            raise refused
        if reason.for_quota and not len(self._under_way):
            self.refused, self._outcome = refused, SweepOutcome.WEEK_USED
            return False
        return self._try_later()

    def _try_later(self) -> bool:
        self._not_before = self._clock.monotonic() + self._pause
        self._pause = min(LONGEST_PAUSE, 2 * self._pause)
        return False

    def _state(self) -> str:
        of_all = f" of {self._sweep.limits.trials}" if self._sweep.limits.trials else ""
        best = "" if self._best is None else f", best {self._sweep.metric} {self._best:.4g}"
        numbers = ", ".join(map(str, self._under_way.numbers)) or "none"
        spent = describe(self._spent)
        return f"{self._ended}{of_all} trials, {spent}{best}; under way: {numbers}"
