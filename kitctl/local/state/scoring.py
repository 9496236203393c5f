"""Scores of submissions: a solution and a submission, both CSV files, compared by a metric."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

LARGEST_SUBMISSION_BYTES = 64 << 20


class ScoringError(Exception):
    """A submission that cannot be scored; the text is what Kaggle would show."""


class SubmissionScores(NamedTuple):
    """The score of the rows that the public leaderboard counts, and that of the others."""

    public: float
    private: float


def score(solution: Path, submission: Path, metric: str) -> SubmissionScores:
    """Score a submission; its rows may be in any order.

    The solution's first column names the row and the second has the value; a column `Usage` says
    `Public` or `Private`.

    Raises:
        ScoringError: it has other columns or rows, or a value that is no number.
    """
    compare = METRICS[metric]
    truth, expected = read_table(solution)
    names, given = read_table(submission)
    id_name, value_name = truth[:2]
    if names[:2] != [id_name, value_name]:
        raise ScoringError(
            f"Submission must have the columns {id_name}, {value_name}; it has {', '.join(names)}."
        )
    values = {row[0]: row[1] for row in given if len(row) > 1}
    if missing := [row[0] for row in expected if row[0] not in values]:
        raise ScoringError(
            f"Submission must have {len(expected)} rows; {len(missing)} are missing, such as"
            f" {id_name} {missing[0]}."
        )
    if short := [row[0] for row in expected if len(row) < len(truth)]:
        raise ScoringError(f"The solution's row {short[0]} has not all of its columns.")
    usage = truth.index("Usage") if "Usage" in truth else None
    parts: dict[str, list[tuple[str, str]]] = {"Public": [], "Private": []}
    for row in expected:
        for part, pairs in parts.items():
            if usage is None or row[usage] == part:
                pairs.append((row[1], values[row[0]]))
    return SubmissionScores(*(compare(parts[part]) for part in ("Public", "Private")))


def read_table(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a CSV file.

    Raises:
        ScoringError: it is none, or too large.
    """
    if path.stat().st_size > LARGEST_SUBMISSION_BYTES:
        raise ScoringError("The file is too large.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ScoringError(f"The file is no CSV: {error}.") from None
    if not rows or len(rows[0]) < 2:
        raise ScoringError("The file has no header of two columns.")
    return rows[0], rows[1:]


def _accuracy(pairs: Sequence[tuple[str, str]]) -> float:
    return _mean([float(truth.strip() == value.strip()) for truth, value in pairs])


def _rmse(pairs: Sequence[tuple[str, str]]) -> float:
    return math.sqrt(_mean([(truth - value) ** 2 for truth, value in _numbers(pairs)]))


def _mae(pairs: Sequence[tuple[str, str]]) -> float:
    return _mean([abs(truth - value) for truth, value in _numbers(pairs)])


def _numbers(pairs: Sequence[tuple[str, str]]) -> list[tuple[float, float]]:
    try:
        numbers = [(float(truth), float(value)) for truth, value in pairs]
    except ValueError as error:
        raise ScoringError(f"Submission holds a value that is no number: {error}.") from None
    if not all(math.isfinite(value) for _, value in numbers):
        raise ScoringError("Submission holds a value that is not finite.")
    return numbers


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


METRICS: Mapping[str, Callable[[Sequence[tuple[str, str]]], float]] = {
    "accuracy": _accuracy,
    "rmse": _rmse,
    "mae": _mae,
}
