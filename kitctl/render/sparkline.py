"""A curve in a line of text."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"
WIDTH = 40


def curve(values: Sequence[float], width: int = WIDTH) -> str:
    """Return one bar for each value, or for each `width`-th part of them; NaN is left out.

    The lowest value is the lowest bar, the highest value the highest.
    """
    points = _averaged([value for value in values if value == value], width)
    if not points:
        return ""
    low, high = min(points), max(points)
    span = high - low or 1.0
    return "".join(_BARS[round((point - low) / span * (len(_BARS) - 1))] for point in points)


def _averaged(values: Sequence[float], width: int) -> list[float]:
    """Return at most `width` values, each the mean of its part."""
    if len(values) <= width:
        return list(values)
    edges = [round(place * len(values) / width) for place in range(width + 1)]
    return [sum(values[start:end]) / (end - start) for start, end in itertools.pairwise(edges)]
