"""A sweep by trials, and the runs that the ledger knows of it."""

from __future__ import annotations

from dataclasses import dataclass

from kitctl.domain.runs.run import KernelRef, Run
from kitctl.domain.runs.search_space import SearchSpace
from kitctl.domain.runs.trials import SweepLimits, trial_of
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


def trial_runs(sweep: Sweep, ports: SweepPorts) -> dict[int, Run]:
    """Return the runs of a sweep's trials by their numbers, intents included."""
    runs = {}
    for run in ports.ledger.runs(ports.kaggle.service, None, kernel=sweep.kernel):
        trial = trial_of(run.intent)
        if trial and trial.sweep == sweep.name:
            runs[trial.number] = run
    return runs
