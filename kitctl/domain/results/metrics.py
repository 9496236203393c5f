"""Metrics by their names: which direction is better, and which one stands for a run."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

# Parts of a name whose least value is the best one.
_LOWER = re.compile(
    r"(^|_)(loss|error|err|mae|mse|rmse|mape|msle|perplexity|ppl|wer|cer|seconds|fid|nll)$",
    re.IGNORECASE,
)
# Columns of a history that measure no model.
NO_CURVES = frozenset({"epoch", "step", "seconds", "time", "learning_rate", "lr"})
# What stands for a run, the first that there is.
_PREFERRED = ("val_loss", "val_.*accuracy", "val_.+", ".*accuracy", "score", "auc", "f1.*", "loss")


@dataclass(frozen=True)
class BestValue:
    """The best value of a metric and its epoch (from 1; None where it has no curve)."""

    value: float
    epoch: int | None


def lower_is_better(name: str) -> bool:
    """Return whether the least value of a metric is the best: losses, errors and durations."""
    return _LOWER.search(name) is not None


def preferred_metric(names: Collection[str]) -> str | None:
    """Return the metric that stands for a run: the validation loss, else an accuracy, …"""
    candidates = [name for name in names if name not in NO_CURVES]
    for pattern in _PREFERRED:
        for name in candidates:
            if re.fullmatch(pattern, name):
                return name
    return candidates[0] if candidates else None


def best_value(
    name: str, curves: Mapping[str, Sequence[float]], metrics: Mapping[str, object]
) -> BestValue | None:
    """Return a metric's best value in the history, else the number that metrics.json holds.

    Epochs are those of the history's column `epoch` or, without one, its rows.
    """
    values = list(curves.get(name, ()))
    finite = [value for value in values if math.isfinite(value)]
    if finite:
        best = min(finite) if lower_is_better(name) else max(finite)
        place = values.index(best)
        return BestValue(best, epoch_at(place, curves))
    number = finite_number(metrics.get(name))
    return None if number is None else BestValue(number, None)


def epoch_at(place: int, curves: Mapping[str, Sequence[float]]) -> int:
    """Return the epoch of a row of the history: its column `epoch`, else rows from 1."""
    epochs = curves.get("epoch", ())
    epoch = finite_number(epochs[place]) if place < len(epochs) else None
    return place + 1 if epoch is None else round(epoch)


def finite_number(value: object) -> float | None:
    """Return a value as a number; None for what is none, or none that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
