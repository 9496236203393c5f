"""The trials of a sweep that are under way: watch them, and stop those that are behind.

A push that is in doubt counts as under way until Kaggle says what became of it.
"""

from __future__ import annotations

from dataclasses import replace

from kitctl.domain.runs.durations import describe
from kitctl.domain.runs.run import Run
from kitctl.domain.runs.search_space import shown_text
from kitctl.domain.runs.trials import Trial, TrialState
from kitctl.errors import KitError, NetworkFailed
from kitctl.operations.trials.sweep_runs import Sweep, SweepPorts, trial_runs
from kitctl.operations.trials.trial_end import record_end
from kitctl.operations.trials.watched_trial import WatchedTrial
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.lost_pushes import settle_lost_pushes
from kitctl.operations.watching.stop_run import request_stop
from kitctl.ports import Search

# Seconds between two looks for a push whose answer was lost.
LOOK_SECONDS = 5.0


class TrialsUnderWay:
    """Trials with a run, and trials of whose push it is not known whether it runs."""

    def __init__(self, sweep: Sweep, search: Search, ports: SweepPorts) -> None:
        self._sweep, self._search, self._ports = sweep, search, ports
        self._watched: dict[int, WatchedTrial] = {}
        self._in_doubt: dict[int, Trial] = {}
        self._next_look = 0.0

    def __len__(self) -> int:
        return len(self._watched) + len(self._in_doubt)

    @property
    def numbers(self) -> list[int]:
        """The trials under way, those in doubt included."""
        return sorted([*self._watched, *self._in_doubt])

    @property
    def names(self) -> list[str]:
        """The trials and their runs as people read them."""
        return [
            *(f"trial {number} ({each.target.ref})" for number, each in self._watched.items()),
            *(f"trial {number} (not known yet whether it runs)" for number in self._in_doubt),
        ]

    @property
    def runs(self) -> list[str]:
        """The names of the runs under way."""
        return [str(each.target.ref) for each in self._watched.values()]

    @property
    def foreseen_seconds(self) -> list[float]:
        """How long each run will take in all, by its epochs so far, of those that say it."""
        foreseen = (each.log.expected_seconds for each in self._watched.values())
        return [seconds for seconds in foreseen if seconds is not None]

    def add(self, trial: Trial, run: Run) -> None:
        """Take in a trial that the ledger has a run of, or the intent of a push."""
        if run.ref is None:
            self._in_doubt[trial.number] = trial
        else:
            ports = self._ports
            self._watched[trial.number] = WatchedTrial(
                trial,
                TargetRun(run.ref, run),
                self._sweep.metric,
                *(ports.kaggle, ports.ledger, ports.clock, ports.reporter),
            )

    def add_in_doubt(self, trial: Trial) -> None:
        """Take in a trial whose push had no answer."""
        self._in_doubt[trial.number] = trial

    def look(self) -> list[Trial]:
        """Read what all trials have come to; return those that have ended, as they ended.

        One that never ran, since Kaggle did not take its push, is returned as it was: running.
        """
        return [*self._look_at_runs(), *self._look_for_lost_pushes()]

    def _look_at_runs(self) -> list[Trial]:
        looked_at = [self._look_at(each) for each in list(self._watched.values())]
        return [trial for trial in looked_at if trial is not None]

    def _look_at(self, watched: WatchedTrial) -> Trial | None:
        """Report a trial's metric; stop it where it is behind, or record its end."""
        number = watched.trial.number
        end = watched.advance()
        curve = watched.log.curve if end is None else watched.log.whole_curve
        for epoch in sorted(set(curve) - set(watched.trial.curve)):
            self._search.report(number, epoch, curve[epoch])
        watched.trial = replace(watched.trial, curve={**curve, **watched.trial.curve})
        if end is not None:
            del self._watched[number]
            ended = record_end(watched, end, self._sweep.mode, self._search)
            self._say(ended, end.ref.version)
            return ended
        if not watched.is_stopped and self._is_to_stop(watched):
            self._stop(watched)
        return None

    def _is_to_stop(self, watched: WatchedTrial) -> bool:
        if watched.trial.is_stopped:  # By an earlier call, which was killed then.
            return True
        epochs = len(watched.log.curve)
        if epochs <= watched.judged_epochs:
            return False
        watched.judged_epochs = epochs
        return self._search.is_behind(watched.trial.number)

    def _stop(self, watched: WatchedTrial) -> None:
        """Ask Kaggle to cancel a trial that is behind; it counts as under way until it ends."""
        watched.is_stopped = True
        number = watched.trial.number
        if not watched.trial.is_stopped:
            expected = watched.log.expected_seconds
            self._search.record_stop(number, expected)
            watched.trial = replace(watched.trial, is_stopped=True, expected_seconds=expected)
        ports = self._ports
        try:
            request_stop(watched.target, ports.kaggle, ports.ledger, ports.clock)
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
        runs = trial_runs(self._sweep, ports)
        never_ran = []
        for number, trial in list(self._in_doubt.items()):
            run = runs.get(number)
            if run is None or run.ref is not None:
                del self._in_doubt[number]
            if run is None:
                never_ran.append(trial)
            elif run.ref is not None:
                self.add(trial, run)
        return never_ran

    def _say(self, trial: Trial, version: int) -> None:
        values = ", ".join(f"{name}={shown_text(each)}" for name, each in trial.values.items())
        given_back = trial.given_back_seconds
        what = f"failed: {trial.reason}"
        if trial.state is TrialState.COMPLETE:
            what = f"{self._sweep.metric} {trial.value:.4g}"
        elif trial.state is TrialState.PRUNED:
            saved = f", {describe(given_back)} given back" if given_back else ""
            what = f"behind, stopped after {len(trial.curve)} epochs{saved}"
        self._ports.reporter.info(f"Trial {trial.number} (v{version}; {values}): {what}")
