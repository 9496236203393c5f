"""The runs of a sweep that are under way: watch their trials, and stop those that are behind.

A push that is in doubt counts as under way until Kaggle says what became of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kitctl.domain.runs.durations import describe
from kitctl.domain.runs.run import Run
from kitctl.domain.runs.search_space import shown_text
from kitctl.domain.runs.trials import Trial, TrialState, trials_of
from kitctl.errors import KitError, NetworkFailed
from kitctl.operations.trials.sweep_runs import Sweep, SweepPorts, runs_by_trial, session_runs
from kitctl.operations.trials.trial_end import record_end
from kitctl.operations.trials.watched_session import WatchedSession
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.lost_pushes import settle_lost_pushes
from kitctl.operations.watching.stop_run import request_stop
from kitctl.ports import Search

# Seconds between two looks for a push whose answer was lost.
LOOK_SECONDS = 5.0


class SessionsUnderWay:
    """Sessions with their trials, and trials of whose push it is not known whether it runs.

    Its length is the number of sessions.
    """

    def __init__(self, sweep: Sweep, search: Search, ports: SweepPorts) -> None:
        self._sweep, self._search, self._ports = sweep, search, ports
        self._watched: list[WatchedSession] = []
        self._in_doubt: list[tuple[Trial, ...]] = []
        self._next_look = 0.0

    def __len__(self) -> int:
        return len(self._watched) + len(self._in_doubt)

    @property
    def numbers(self) -> list[int]:
        """The trials under way, those in doubt included."""
        in_doubt = [trial.number for trials in self._in_doubt for trial in trials]
        return sorted([*(number for each in self._watched for number in each.trials), *in_doubt])

    @property
    def names(self) -> list[str]:
        """The trials and their runs as people read them."""
        return [
            *(f"{trial_names(list(each.trials))} ({each.target.ref})" for each in self._watched),
            *(
                f"{trial_names([trial.number for trial in trials])} (not known yet whether it runs)"
                for trials in self._in_doubt
            ),
        ]

    @property
    def runs(self) -> list[str]:
        """The names of the runs under way."""
        return [str(each.target.ref) for each in self._watched]

    @property
    def foreseen_seconds(self) -> list[float]:
        """How long each trial will take in all, by its epochs so far, of those that say it."""
        logs = (log for each in self._watched for log in each.log.trials.values())
        foreseen = (log.expected_seconds for log in logs)
        return [seconds for seconds in foreseen if seconds is not None]

    def add(self, trials: Sequence[Trial], run: Run) -> None:
        """Take in trials whose run the ledger has, or the intent of its push."""
        if run.ref is None:
            self.add_in_doubt(trials)
            return
        of_run = trials_of(run.intent)
        numbers = of_run.numbers if of_run else tuple(trial.number for trial in trials)
        ports = self._ports
        self._watched.append(
            WatchedSession(
                *(trials, TargetRun(run.ref, run), numbers, self._sweep.metric),
                *(ports.kaggle, ports.ledger, ports.clock, ports.reporter),
            )
        )

    def take_up(self, trials: Sequence[Trial], run: Run) -> None:
        """Take in trials of an earlier call; say it where it is not known whether they run."""
        if run.ref is None:
            names = trial_names([trial.number for trial in trials])
            left = describe(max(60.0, run.sending_until - self._ports.kaggle.now()))
            self._ports.reporter.info(
                f"It is not known yet whether Kaggle took the last push of {names}; what it does"
                f" not show in {left} is pushed again."
            )
        self.add(trials, run)

    def add_in_doubt(self, trials: Sequence[Trial]) -> None:
        """Take in trials whose push had no answer."""
        self._in_doubt.append(tuple(trials))

    def look(self) -> list[Trial]:
        """Read what all trials have come to; return those that have ended, as they ended.

        Those that never ran, since Kaggle did not take their push, are returned as they were:
        running.
        """
        ended = [trial for each in list(self._watched) for trial in self._look_at(each)]
        return [*ended, *self._look_for_lost_pushes()]

    def _look_at(self, session: WatchedSession) -> list[Trial]:
        """Report the metric; stop a trial that is behind, or record the end of all of the run."""
        end = session.advance()
        for trial in session.trials.values():
            log = session.log.trials[trial.number]
            self._report(session, trial, log.curve if end is None else log.whole_curve)
        if end is not None:
            self._watched.remove(session)
            mode, search = self._sweep.mode, self._search
            ended = [record_end(session, number, end, mode, search) for number in session.trials]
            for trial in ended:
                self._say(trial, end.ref.version)
            return ended
        if not session.is_shared and not session.is_stopped:
            (trial,) = session.trials.values()
            if self._is_to_stop(session, trial):
                self._stop(session, trial)
        return []

    def _report(self, session: WatchedSession, trial: Trial, curve: Mapping[int, float]) -> None:
        for epoch in sorted(set(curve) - set(trial.curve)):
            self._search.report(trial.number, epoch, curve[epoch])
        session.trials[trial.number] = replace(trial, curve={**curve, **trial.curve})

    def _is_to_stop(self, session: WatchedSession, trial: Trial) -> bool:
        if trial.is_stopped:  # By an earlier call, which was killed then.
            return True
        epochs = len(session.log.trials[trial.number].curve)
        if epochs <= session.judged_epochs:
            return False
        session.judged_epochs = epochs
        return self._search.is_behind(trial.number)

    def _stop(self, session: WatchedSession, trial: Trial) -> None:
        """Ask Kaggle to cancel a trial that is behind; it counts as under way until it ends."""
        session.is_stopped = True
        number = trial.number
        if not trial.is_stopped:
            expected = session.log.trials[number].expected_seconds
            self._search.record_stop(number, expected)
            session.trials[number] = replace(trial, is_stopped=True, expected_seconds=expected)
        ports = self._ports
        try:
            request_stop(session.target, ports.kaggle, ports.ledger, ports.clock)
        except KitError as error:
            ports.reporter.warn(f"Trial {number} is behind, and could not be stopped. {error}")

    def _look_for_lost_pushes(self) -> list[Trial]:
        """Return the trials whose push Kaggle did not take; watch those that it has taken."""
        ports = self._ports
        if not self._in_doubt or ports.clock.monotonic() < self._next_look:
            return []
        self._next_look = ports.clock.monotonic() + LOOK_SECONDS
        try:
            settle_lost_pushes(ports.kaggle, ports.ledger, ports.reporter)
        except NetworkFailed:
            return []
        runs = runs_by_trial(session_runs(self._sweep, ports))
        in_doubt, self._in_doubt = self._in_doubt, []
        never_ran: list[Trial] = []
        for trials in in_doubt:
            run = runs.get(trials[0].number)
            if run is None:
                never_ran += trials
            else:
                self.add(trials, run)
        return never_ran

    def _say(self, trial: Trial, version: int) -> None:
        values = ", ".join(f"{name}={shown_text(each)}" for name, each in trial.values.items())
        given_back = trial.given_back_seconds
        what = trial.reason
        if trial.state is TrialState.COMPLETE:
            what = f"{self._sweep.metric} {trial.value:.4g}"
        elif trial.state is TrialState.PRUNED:
            saved = f", {describe(given_back)} given back" if given_back else ""
            what = f"behind, stopped after {len(trial.curve)} epochs{saved}"
        self._ports.reporter.info(f"Trial {trial.number} (v{version}; {values}): {what}")


def trial_names(numbers: Sequence[int]) -> str:
    """Return trials as people read them: "trial 3", "trials 3, 4"."""
    return f"trial{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
