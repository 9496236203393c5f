"""Scores of a model on the validation photos that a rare class cannot hide in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kernel.report.predictions import class_indices, class_probabilities

_ALIKE = 1e-4  # predictions that differ by less are the same for every photo


@dataclass(frozen=True)
class Scores:
    """Recall of each class, their mean, and the area under the ROC curve.

    `auc` is the mean of one class against the others where there are more than two, and None where
    it is not defined. `only_class` is the class that is predicted for every photo, empty if there
    are several; `is_constant` says that the probabilities are the same too.
    """

    recall: dict[str, float]
    balanced_accuracy: float
    auc: float | None
    only_class: str
    is_constant: bool

    def as_metrics(self) -> dict[str, object]:
        """Return the entries in metrics.json."""
        return {
            "balanced_accuracy": self.balanced_accuracy,
            "auc": self.auc,
            "recall": self.recall,
        }


def score(labels: ArrayLike, probabilities: ArrayLike, class_names: Sequence[str]) -> Scores:
    """Score probabilities ([n], [n, 1] or [n, classes]) of photos with these labels."""
    true, predicted = class_indices(labels), class_probabilities(probabilities)
    chosen = predicted.argmax(axis=1)
    recall = {
        name: float((chosen[true == index] == index).mean())
        for index, name in enumerate(class_names)
        if (true == index).any()
    }
    classes = range(1, 2) if len(class_names) == 2 else range(len(class_names))
    areas = [_area(true == index, predicted[:, index]) for index in classes]
    return Scores(
        recall=recall,
        balanced_accuracy=float(np.mean(list(recall.values()))),
        auc=None if None in areas else float(np.mean(np.array(areas, float))),
        only_class=class_names[chosen[0]] if (chosen == chosen[0]).all() else "",
        is_constant=bool(np.ptp(predicted, axis=0).max() < _ALIKE),
    )


def _area(positive: NDArray[np.bool_], values: NDArray[np.float64]) -> float | None:
    """Return the chance that a positive photo has the higher value; equal ones count a half."""
    count, others = int(positive.sum()), int((~positive).sum())
    if not count or not others:
        return None
    _, place, sizes = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(sizes) - (sizes - 1) / 2)[place]
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * others))
