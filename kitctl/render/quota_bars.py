"""A week's hours as a bar: each part's share of the cells, distinct without colour as well."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kitctl.domain.quota.quota import Balance

if TYPE_CHECKING:
    from rich.text import Text

USED, OUTSIDE, RESERVED, LEFT = "█", "▓", "▒", "░"

# Kernels with a part of their own; the smaller ones share one.
KERNELS_SHOWN = 6

# For the kernels, the largest first; terminals show these well on dark and on light.
KERNEL_STYLES = ("cyan", "blue", "magenta", "green")
OUTSIDE_STYLE, RESERVED_STYLE, LEFT_STYLE = "bright_black", "yellow", "dim"


@dataclass(frozen=True)
class Part:
    """One part of a week: its name, its length and how its cells look."""

    name: str
    seconds: float
    sign: str
    style: str


def parts(balance: Balance) -> list[Part]:
    """Return a week's parts in their order on the bar; they add up to the limit, or to more."""
    kernels = [
        Part(kernel.kernel, kernel.seconds, USED, kernel_style(place))
        for place, kernel in enumerate(balance.kernels[:KERNELS_SHOWN])
    ]
    others = sum(kernel.seconds for kernel in balance.kernels[KERNELS_SHOWN:])
    return [
        *kernels,
        Part("other kernels", others, USED, kernel_style(KERNELS_SHOWN)),
        Part("outside", outside_seconds(balance), OUTSIDE, OUTSIDE_STYLE),
        Part("reserved", balance.reserved_seconds, RESERVED, RESERVED_STYLE),
        Part("left", balance.left_seconds, LEFT, LEFT_STYLE),
    ]


def outside_seconds(balance: Balance) -> float:
    """Return the seconds used outside kitctl; less than one is only a rounding difference."""
    seconds = balance.outside_seconds or 0.0
    return seconds if seconds >= 1 else 0.0


def kernel_style(place: int) -> str:
    """Return the colour of the kernel at that place, largest first."""
    return KERNEL_STYLES[min(place, len(KERNEL_STYLES) - 1)]


def bar(shown: Sequence[Part], width: int) -> Text:
    """Return the parts as one line of `width` cells."""
    from rich.text import Text

    line = Text()
    for part, count in zip(shown, cells([part.seconds for part in shown], width), strict=True):
        line.append(part.sign * count, style=part.style)
    return line


def cells(amounts: Sequence[float], width: int) -> list[int]:
    """Return how many of `width` cells each amount gets: by share, and one for the smallest.

    The cells left over go to the amounts that were rounded down most, so that the sum is `width`.
    """
    total = sum(amounts)
    if total <= 0:
        return [0] * len(amounts)
    exact = [amount / total * width for amount in amounts]
    counts = [max(math.floor(share), int(share > 0)) for share in exact]
    while sum(counts) != width:
        step = 1 if sum(counts) < width else -1
        candidates = [place for place in range(len(counts)) if step > 0 or counts[place] > 1]
        if not candidates:
            break
        place = max(candidates, key=lambda place: (exact[place] - counts[place]) * step)
        counts[place] += step
    return counts
