"""Curves in a line of text."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

_STEPS = "▁▂▃▄▅▆▇█"
WIDTH = 40


def curve(values: Sequence[float], width: int = WIDTH) -> str:
    """The course of the values, left to right, between the lowest and the highest sign."""
    points = _thinned([value for value in values if value == value], width)
    if not points:
        return ""
    low, high = min(points), max(points)
    span = high - low or 1.0
    return "".join(_STEPS[round((point - low) / span * (len(_STEPS) - 1))] for point in points)


def _thinned(values: Sequence[float], width: int) -> list[float]:
    """At most `width` values: each the mean of its share."""
    if len(values) <= width:
        return list(values)
    edges = [round(place * len(values) / width) for place in range(width + 1)]
    return [sum(values[start:end]) / (end - start) for start, end in itertools.pairwise(edges)]
