"""A sweep by trials, and the runs that the ledger knows of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kitctl.domain.runs.run import KernelRef, Run
from kitctl.domain.runs.search_space import SearchSpace
from kitctl.domain.runs.trials import SweepLimits, trials_of
from kitctl.ports import Clock, Kaggle, Ledger, Reporter


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """What is searched: `name` is the search's, as the sources of its runs say."""

    name: str
    kernel: KernelRef
    space: SearchSpace
    metric: str
    mode: str
    sampler: str
    limits: SweepLimits


@dataclass(frozen=True)
class SweepPorts:
    """What the trials of a sweep need from outside."""

    kaggle: Kaggle
    ledger: Ledger
    clock: Clock
    reporter: Reporter


def session_runs(sweep: Sweep, ports: SweepPorts) -> list[Run]:
    """Return the runs of a sweep, intents included."""
    runs = ports.ledger.runs(ports.kaggle.service, None, kernel=sweep.kernel)
    return [run for run in runs if (trials := trials_of(run.intent)) and trials.sweep == sweep.name]


def runs_by_trial(runs: Sequence[Run]) -> dict[int, Run]:
    """Return the run of each trial, by the trials' numbers."""
    return {
        number: run
        for run in runs
        if (trials := trials_of(run.intent))
        for number in trials.numbers
    }
