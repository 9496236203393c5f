"""How runs differ, in words: what each one's curves show, and whether one is better than noise.

A run's own verdict stands in its run.json (`reading`). Only kitctl sees several runs, so that it
compares them, also those of scripts that judge nothing.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from kitctl.domain.results.metrics import BestValue, best_value, finite_number, lower_is_better

# Closer than this share of the loss of guessing, two losses are called equal.
EQUAL_SHARE = 0.02
# Of two gaps between validation and training loss, a difference of this share is worth a sentence.
WIDE_GAP_SHARE = 0.15
MOST_SENTENCES = 6
_FEWEST_EPOCHS = 5  # with fewer, the fall of the first epochs would count as noise

_PREDICATES = {
    "overfits": "overfits",
    "underfits": "underfits",
    "fits": "fits",
    "dead": "has a dead head: it predicts the same for every photo",
    "diverged": "diverged",
    "too_short": "is too short for a verdict",
    "unvalidated": "has no validation loss",
}


@dataclass(frozen=True)
class ComparedRun:
    """What is compared of a run. `verdict` is `reading` in run.json; empty where there is none."""

    name: str
    curves: Mapping[str, Sequence[float]]
    metrics: Mapping[str, object]
    verdict: Mapping[str, Any]

    def best(self, metric: str) -> BestValue | None:
        return best_value(metric, self.curves, self.metrics)

    def number(self, name: str) -> float | None:
        """Return a finite number of the verdict."""
        return finite_number(self.verdict.get(name))


@dataclass(frozen=True)
class Comparison:
    """The sentences, and the name of the better run; None where none is better than noise."""

    words: str
    better: str | None


def compare_runs(runs: Sequence[ComparedRun], metric: str | None) -> Comparison:
    """Compare runs by a metric; None where they have none in common."""
    sentences = [sentence for run in runs[:MOST_SENTENCES] if (sentence := _verdict(run))]
    if metric is None:
        sentences.append("They have no metric in common.")
        return Comparison(" ".join(sentences), None)
    in_order = ranked(runs, metric)
    better = None
    if len(in_order) >= 2:
        (first, best), (second, other) = in_order[:2]
        difference = abs(best.value - other.value)
        if difference <= _smallest_difference(first, second, metric):
            sentences.append(
                f"{first.name} and {second.name} are equal within noise by {metric}"
                f" ({_at(best)} and {_at(other)})."
            )
        else:
            better = first.name
            direction = "lowest" if lower_is_better(metric) else "highest"
            sentences.append(
                f"{first.name} is better: it has the {direction} {metric}, {_at(best)},"
                f" against {_at(other)} of {second.name}."
            )
    if len(runs) == 2:
        sentences += _gap_sentence(*runs)
    return Comparison(" ".join(sentences), better)


def ranked(runs: Sequence[ComparedRun], metric: str) -> list[tuple[ComparedRun, BestValue]]:
    """Return the runs that have the metric, each with its best value, the best run first."""
    scored = [(run, best) for run in runs if (best := run.best(metric))]
    return sorted(scored, key=lambda pair: pair[1].value, reverse=not lower_is_better(metric))


def noise(values: Sequence[float]) -> float:
    """Return how much a curve jumps from epoch to epoch without a direction.

    It is the standard deviation of the jumps, by medians so that a single spike counts little.
    """
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < _FEWEST_EPOCHS:
        return 0.0
    jumps = [after - before for before, after in pairwise(finite)]
    middle = statistics.median(jumps)
    return 1.4826 * statistics.median(abs(jump - middle) for jump in jumps) / math.sqrt(2)


def _verdict(run: ComparedRun) -> str:
    predicate = _PREDICATES.get(str(run.verdict.get("verdict")))
    if predicate is None:
        return ""
    loss, val_loss = run.number("loss"), run.number("val_loss")
    losses = ""
    if loss is not None and val_loss is not None:
        losses = f" (over the last epochs training loss {loss:.3f}, validation loss {val_loss:.3f})"
    return f"{run.name} {predicate}{losses}."


def _smallest_difference(a: ComparedRun, b: ComparedRun, metric: str) -> float:
    """Return the largest difference that is still noise."""
    jumps = max(noise(run.curves.get(metric, ())) for run in (a, b))
    chance = max(run.number("chance") or 0.0 for run in (a, b)) if metric == "val_loss" else 0.0
    return max(EQUAL_SHARE * chance, 2 * jumps)


def _at(best: BestValue) -> str:
    return f"{best.value:.4g}" + (f" in epoch {best.epoch}" if best.epoch else "")


def _gap_sentence(a: ComparedRun, b: ComparedRun) -> list[str]:
    gap_a, gap_b, chance = a.number("gap"), b.number("gap"), a.number("chance")
    if gap_a is None or gap_b is None or chance is None:
        return []
    if abs(gap_a - gap_b) <= WIDE_GAP_SHARE * chance:
        return []
    closer = a.name if gap_a < gap_b else b.name
    return [
        f"The curves of {closer} stay closer together: what it predicts depends less on the"
        " photos that it was trained on."
    ]
