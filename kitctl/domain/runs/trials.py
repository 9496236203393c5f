"""Trials of a sweep: the same job run with other values, which a search has chosen.

A run holds one trial, or several short ones after each other. Their numbers stand in the run's
source and in the ledger's record of its push, by which a sweep that was killed finds the runs that
it has paid for.
"""

from __future__ import annotations

import hashlib
import math
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from kitctl.domain.runs.run import Status
from kitctl.domain.runs.search_space import SearchSpace, Values, parameter_text

if TYPE_CHECKING:
    from kitctl.domain.runs.run import Intent, Run

TRIAL_VARIABLE = "KITCTL_TRIAL"

_ID_DIGITS = 16
_VALUE = re.compile(rf"([0-9a-f]{{{_ID_DIGITS}}})((?: [0-9]{{1,6}})+)")
# A trial that is given less time than others took would be paid for and not finish.
_MARGIN = 1.1
# With fewer seconds left no trial is begun.
_SHORTEST_TRIAL_SECONDS = 5.0
# Where a session is waited for so long, trials that take no longer share one.
LONG_WAIT_SECONDS = 30.0
_MOST_IN_SESSION = 10


class SessionTrials(NamedTuple):
    """The trials of a run, as its source says; numbers are those of the sweep, from 0."""

    sweep: str
    numbers: tuple[int, ...]

    @property
    def variable(self) -> str:
        """The value of TRIAL_VARIABLE in the run, or in that of one trial."""
        return " ".join([self.sweep, *map(str, self.numbers)])


def trials_of(intent: Intent) -> SessionTrials | None:
    """Return the trials that a push is for; None for a run outside of sweeps."""
    return parse_trials(intent.environment.get(TRIAL_VARIABLE, ""))


def parse_trials(value: str) -> SessionTrials | None:
    """Return the trials of a value of TRIAL_VARIABLE; None for anything else."""
    match = _VALUE.fullmatch(value)
    return SessionTrials(match[1], tuple(map(int, match[2].split()))) if match else None


def trial_count(run: Run) -> int:
    """Return how many trials a run of a sweep holds."""
    trials = trials_of(run.intent)
    return len(trials.numbers) if trials else 1


def trials_in_a_session(runs: Sequence[Run]) -> int:
    """Return how many trials share a session, by how the complete runs of a sweep went.

    Several do where a session is waited for longer than a trial takes.
    """
    complete = [run for run in runs if run.status is Status.COMPLETE and run.started_at]
    if not complete:
        return 1
    waits = [(run.started_at or 0.0) - (run.pushed_at or math.inf) for run in complete]
    wait = statistics.median(waits)
    each = statistics.median(map(seconds_of_trial, complete))
    if wait < max(LONG_WAIT_SECONDS, each):
        return 1
    return min(_MOST_IN_SESSION, math.ceil(wait / max(each, 1.0)))


def sweep_id(script_sha256: str, space: SearchSpace, metric: str, mode: str) -> str:
    """Return the name of a search: the same job, values and metric make the same one."""
    values = [f"{name}={parameter_text(each)}" for name, each in sorted(space.items())]
    text = "\n".join([script_sha256, metric, mode, *values])
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:_ID_DIGITS]


class TrialState(StrEnum):
    """What became of a trial. One that is RUNNING may wait for its push."""

    RUNNING = "running"
    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"


@dataclass(frozen=True)
class Trial:
    """A trial as the search knows it.

    `curve` has the metric by epoch, `value` its best one once the trial is complete. Of one that
    `is_stopped`, or about to be, `expected_seconds` is how long it would have run (None where that
    is not known) and `given_back_seconds` what stopping it has saved. `reason` is why one failed.
    """

    number: int
    values: Values
    state: TrialState = TrialState.RUNNING
    value: float | None = None
    curve: Mapping[int, float] = field(default_factory=dict)
    is_stopped: bool = False
    expected_seconds: float | None = None
    given_back_seconds: float | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class SweepLimits:
    """What a sweep may use: trials and seconds in all (None is no limit), and how many at once.

    `session_seconds` is the longest that one session may take, `at_once` how many there may be;
    `per_session` is how many trials share one, None for what `trials_in_a_session` says.
    """

    session_seconds: int
    at_once: int
    trials: int | None = None
    seconds: float | None = None
    per_session: int | None = None

    def next_session(
        self, spent: float, promised: float, running: int, expected: float | None, most: int
    ) -> tuple[int, int] | None:
        """Return how many trials the next session gets, at most `most`, and its time limit.

        The other arguments are those of `seconds_of_next`.
        """
        for count in range(most, 0, -1):
            together = None if expected is None else count * expected
            if count > 1 and (together or 0.0) * _MARGIN > self.session_seconds:
                continue
            seconds = self.seconds_of_next(spent, promised, running, together)
            if seconds is not None:
                return count, seconds
        return None

    def seconds_of_next(
        self, spent: float, promised: float, running: int, expected: float | None
    ) -> int | None:
        """Return the time limit of the next session; None where it does not fit, or not yet.

        `spent` is what ended sessions took, `promised` the limits of those under way, `expected`
        how long one takes, as far as is known. All limits together never exceed the sweep's hours.
        """
        if self.seconds is None:
            return self.session_seconds
        left = self.seconds - spent - promised
        # A share is left for each session that could run at the same time.
        share = left / max(1, self.at_once - running)
        needed = max(_SHORTEST_TRIAL_SECONDS, (expected or 0.0) * _MARGIN)
        seconds = min(self.session_seconds, share if share >= needed else left)
        return math.floor(seconds) if seconds >= needed else None


def seconds_of_trial(run: Run) -> float:
    """Return how long each trial of an ended run took, on average; 0 if the run never started."""
    return (run.machine_seconds or 0.0) / trial_count(run)


def spent_seconds(runs: Sequence[Run]) -> float:
    """Return what the ended runs took together."""
    return sum(run.machine_seconds or 0.0 for run in runs if run.status.ended)


def promised_seconds(runs: Sequence[Run]) -> float:
    """Return the limits of the runs that have not ended, intents included."""
    return sum(run.intent.limit_seconds for run in runs if not run.status.ended)


def is_better(value: float, other: float, mode: str) -> bool:
    """Return whether a metric's value is better, `mode` being "min" or "max"."""
    return value < other if mode == "min" else value > other
