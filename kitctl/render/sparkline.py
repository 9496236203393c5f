"""A curve in a line of text."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"
WIDTH = 40


def curve(
    values: Sequence[float], width: int = WIDTH, span: tuple[float, float] | None = None
) -> str:
    """Return one bar for each value, or for each `width`-th part of them.

    The lowest value is the lowest bar, the highest value the highest, or those of `span`; NaN and
    infinity are left out.
    """
    points = _averaged([value for value in values if math.isfinite(value)], width)
    if not points:
        return ""
    low, high = span or (min(points), max(points))
    # In halves: the difference of two numbers may be too large for a number.
    height = high / 2 - low / 2 or 1.0
    steps = ((point / 2 - low / 2) / height * (len(_BARS) - 1) for point in points)
    return "".join(_BARS[round(step)] for step in steps)


def _averaged(values: Sequence[float], width: int) -> list[float]:
    """Return at most `width` values, each the mean of its part."""
    if len(values) <= width:
        return list(values)
    edges = [round(place * len(values) / width) for place in range(width + 1)]
    return [
        math.fsum(value / (end - start) for value in values[start:end])
        for start, end in itertools.pairwise(edges)
    ]
