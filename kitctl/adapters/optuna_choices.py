"""What Optuna chooses by: its samplers, its pruners, and a space of values in its own terms."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from kitctl.domain.runs.search_space import (
    Choice,
    Parameter,
    SearchSpace,
    Values,
    grid_size,
    listed_values,
)
from kitctl.errors import InvalidInput

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.trial import Trial

# Trials without a pruner's judgement: before so many have ended, and in their first epoch.
_TRIALS_BEFORE_PRUNING = 4
_EPOCHS_BEFORE_PRUNING = 1

# How often a combination is drawn for each one that is wanted: some come twice.
_TRIES = 20


def require_optuna() -> None:
    """Raise InvalidInput where Optuna is not installed."""
    from importlib.util import find_spec

    if find_spec("optuna") is None:
        raise InvalidInput(
            "A search over runs needs Optuna, which is not installed; nothing was sent.",
            code="no_optuna",
            hint="pip install 'kaggle-kitctl[sweep]'   (or: pip install optuna)",
        )


def sample_values(space: SearchSpace, count: int) -> list[Values]:
    """Return `count` different combinations that Optuna chooses by chance, always the same ones.

    There are fewer where the space has fewer.

    Raises InvalidInput where Optuna is not installed.
    """
    require_optuna()
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    different: dict[tuple[object, ...], Values] = {}
    for _ in range(_TRIES * count):
        trial = study.ask()
        for name, parameter in space.items():
            suggest(trial, name, parameter)
        different.setdefault(tuple(trial.params.values()), trial.params)
        if len(different) == count:
            break
    return list(different.values())


def new_sampler(name: str, space: SearchSpace, number: int) -> BaseSampler:
    """Return the sampler for the trial of this number: "grid", "random" or "tpe"."""
    from optuna import samplers

    if name == "grid":
        assert grid_size(space) is not None
        listed = {name: listed_values(each) or [] for name, each in space.items()}
        return samplers.GridSampler(listed, seed=0)
    if name == "random":
        return samplers.RandomSampler(seed=number)
    with warnings.catch_warnings():
        # Of constant_liar, which keeps trials that run at once apart.
        warnings.simplefilter("ignore")
        return samplers.TPESampler(seed=number, constant_liar=True)


def new_pruner(name: str) -> BasePruner:
    """Return what judges whether a trial is behind: "median", "halving" or "none"."""
    from optuna import pruners

    if name == "halving":
        return pruners.SuccessiveHalvingPruner()
    if name == "none":
        return pruners.NopPruner()
    return pruners.MedianPruner(
        n_startup_trials=_TRIALS_BEFORE_PRUNING, n_warmup_steps=_EPOCHS_BEFORE_PRUNING + 1
    )


def suggest(trial: Trial, name: str, parameter: Parameter) -> None:
    """Let a trial choose a parameter's value; one that it has already stays."""
    if isinstance(parameter, Choice):
        trial.suggest_categorical(name, parameter.texts)
    elif parameter.is_whole:
        step = int(parameter.step or 1)
        first, last = int(parameter.low), int(parameter.high)
        last -= (last - first) % step
        trial.suggest_int(name, first, last, log=parameter.is_log, step=step)
    elif parameter.step is not None:
        # Optuna would warn of a last step that does not reach the end.
        listed = parameter.listed
        high = listed[-1] if listed else parameter.high
        trial.suggest_float(name, parameter.low, high, step=parameter.step)
    else:
        trial.suggest_float(name, parameter.low, parameter.high, log=parameter.is_log)
