"""What a sweep of runs has found, and what it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from kitctl.domain.runs import durations
from kitctl.domain.runs.run import Run
from kitctl.domain.runs.search_space import SearchSpace, setting_value
from kitctl.domain.runs.trials import Trial, TrialState, is_better, seconds_of_trial, trial_count
from kitctl.errors import KitError, NextCommand, Refused, RunFailed


class SweepOutcome(StrEnum):
    """Why a sweep pushes no other trial."""

    TRIALS_DONE = "trials_done"
    HOURS_USED = "hours_used"
    WEEK_USED = "week_used"
    FAILED = "failed"

    @property
    def label(self) -> str:
        """The outcome as people read it: "hours used"."""
        return self.replace("_", " ")


@dataclass(frozen=True)
class TriedValues:
    """A trial, its values as settings, and its run; None where it has none, or another ledger's."""

    trial: Trial
    settings: Mapping[str, Any]
    run: Run | None
    best_epoch: int | None

    @property
    def seconds(self) -> float | None:
        """How long the trial took; of several in one session, each an equal share of it."""
        return seconds_of_trial(self.run) if self.run else None

    @property
    def files(self) -> str:
        """The files of the trial among those of a session of several, as `--only` names them."""
        is_alone = self.run is None or trial_count(self.run) == 1
        return "" if is_alone else f"trial-{self.trial.number}/*"

    def as_data(self) -> dict[str, Any]:
        trial, run = self.trial, self.run
        return {
            "trial": trial.number,
            "parameters": dict(self.settings),
            "state": trial.state,
            "value": trial.value,
            "best_epoch": self.best_epoch,
            "epochs": len(trial.curve),
            "curve": [[epoch, value] for epoch, value in trial.curve.items()],
            "run": None if run is None else run.name,
            "version": None if run is None else run.version,
            "status": None if run is None else run.status,
            "running_seconds": _rounded(self.seconds),
            "given_back_seconds": _rounded(trial.given_back_seconds),
            "reason": trial.reason or None,
        }


@dataclass(frozen=True, kw_only=True)
class TrialsResult:
    """All trials of a sweep in the order of their numbers, and the search's best one."""

    tried: tuple[TriedValues, ...]
    best: TriedValues | None
    space: SearchSpace
    metric: str
    mode: str
    sampler: str
    outcome: SweepOutcome
    limit_seconds: float | None
    spent_seconds: float
    refused: Refused | None = None
    out: Path | None = None
    table: Path | None = None
    picture: Path | None = None

    @property
    def given_back_seconds(self) -> float:
        return sum(each.trial.given_back_seconds or 0.0 for each in self.tried)

    def as_data(self) -> dict[str, Any]:
        return {
            "trials": [each.as_data() for each in self.tried],
            "best": None if self.best is None else self.best.as_data(),
            "metric": self.metric,
            "mode": self.mode,
            "sampler": self.sampler,
            "outcome": self.outcome,
            "hours_limit_seconds": self.limit_seconds,
            "hours_spent_seconds": _rounded(self.spent_seconds),
            "hours_given_back_seconds": _rounded(self.given_back_seconds),
            "out": self.out,
            "table": self.table,
            "picture": self.picture,
        }

    @property
    def failure(self) -> KitError | None:
        """The error that the command exits with; None for a sweep that went as it should."""
        if self.refused is not None:
            return Refused(
                f"The sweep waits for another week. {self.refused.message}",
                code=self.refused.code,
                hint="The same command goes on after the reset; with a --timeout that fits, now.",
            )
        if self.best is not None:
            return None
        failed = [each for each in self.tried if each.trial.state is TrialState.FAILED]
        last = failed[-1] if failed else None
        if last is None or last.run is None or last.run.version is None:
            used = durations.describe(self.spent_seconds)
            reason = f" {last.trial.reason}" if last else ""
            return RunFailed(f"No trial gave a result, after {used}.{reason}", code="no_result")
        return RunFailed(
            f"No trial gave a result: {last.run.name} {last.trial.reason}",
            code="no_result",
            hint=NextCommand("pull-results", f"{last.run.version}", "its log and what it left"),
        )


def tried_values(
    trials: Sequence[Trial], runs: Mapping[int, Run], space: SearchSpace, mode: str
) -> tuple[TriedValues, ...]:
    """Return the trials with their runs, which `runs` names by the trial's number."""
    return tuple(
        TriedValues(
            trial,
            {name: setting_value(space[name], each) for name, each in trial.values.items()},
            runs.get(trial.number),
            _best_epoch(trial, mode),
        )
        for trial in trials
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _best_epoch(trial: Trial, mode: str) -> int | None:
    best: int | None = None
    for epoch, value in trial.curve.items():
        if best is None or is_better(value, trial.curve[best], mode):
            best = epoch
    return best
