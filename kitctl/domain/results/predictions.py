"""predictions.csv: what a run predicted for each photo or row, and where it was wrong."""

from __future__ import annotations

import csv
import heapq
from collections import Counter
from dataclasses import dataclass, field
from typing import BinaryIO

from kitctl.domain.results.csv_lines import csv_lines
from kitctl.domain.results.run_report import Unreadable

COLUMNS = ("path", "true", "predicted")
MAX_ROWS = 1_000_000
# With more classes than this, something other than a class stands in the column.
MAX_CLASSES = 1000
WORST = 24


@dataclass(frozen=True, order=True)
class Mistake:
    """A wrong prediction; the lower the probability of the true class, the worse."""

    probability_of_true: float
    path: str
    true: str
    predicted: str
    probability: float


@dataclass(frozen=True)
class PredictionTable:
    """How many rows of each true and predicted class there are, and the worst mistakes."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    worst: tuple[Mistake, ...] = ()

    @property
    def classes(self) -> list[str]:
        return sorted({name for pair in self.counts for name in pair})

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def wrong(self) -> int:
        return sum(count for (true, predicted), count in self.counts.items() if true != predicted)

    def true_count(self, name: str) -> int:
        return sum(count for (true, _), count in self.counts.items() if true == name)

    def predicted_count(self, name: str) -> int:
        return sum(count for (_, predicted), count in self.counts.items() if predicted == name)


def read_predictions(file: BinaryIO) -> PredictionTable:
    """Read a table with the columns path, true and predicted, and probabilities if there are any.

    Raises:
        Unreadable: this is no such table.
    """
    counts: Counter[tuple[str, str]] = Counter()
    worst: list[tuple[float, int, Mistake]] = []
    try:
        for number, row in enumerate(csv.DictReader(csv_lines(file))):
            if number >= MAX_ROWS:
                raise Unreadable(f"has more than {MAX_ROWS:,} rows")
            path, true, predicted = (row.get(name) for name in COLUMNS)
            if path is None or true is None or predicted is None:
                raise Unreadable("has not the columns path, true and predicted")
            counts[true, predicted] += 1
            if len(counts) > MAX_CLASSES * MAX_CLASSES:
                raise Unreadable(f"has more than {MAX_CLASSES:,} classes")
            if true != predicted:
                mistake = Mistake(
                    _share(row.get("probability_of_true")),
                    path, true, predicted,
                    _share(row.get("probability")),
                )  # fmt: skip
                keep = heapq.heappush if len(worst) < WORST else heapq.heappushpop
                keep(worst, (-mistake.probability_of_true, -number, mistake))
    except csv.Error as error:
        raise Unreadable(f"is no table: {error}") from None
    return PredictionTable(counts, tuple(sorted(mistake for _, _, mistake in worst)))


def _share(text: str | None) -> float:
    """Return a probability; 0 where there is none."""
    try:
        value = float(text or 0)
    except ValueError:
        return 0.0
    return value if 0 <= value <= 1 else 0.0
