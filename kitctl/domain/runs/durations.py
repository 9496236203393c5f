"""Durations as people read and write them."""

from __future__ import annotations

import math
import re

_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(d|h|min|m|s)", re.IGNORECASE)
_WHOLE = re.compile(rf"(?:\s*{_PART.pattern}\s*)+", re.IGNORECASE)


def parse(text: str) -> float | None:
    """Return the seconds of `90s`, `45m`, `2h`, `1h30m`, `1.5 h` or `7200`; None if it is none."""
    if re.fullmatch(r"\s*\d+(?:\.\d+)?\s*", text):
        return float(text)
    if not _WHOLE.fullmatch(text):
        return None
    return sum(float(number) * _SECONDS[unit.lower()] for number, unit in _PART.findall(text))


def describe(seconds: float) -> str:
    """Return the two largest units that a duration has: `2 d 3 h`, `1 h 5 min`, `45 s`."""
    rest = round(seconds)
    for place, (unit, size) in enumerate(_UNITS):
        if rest >= size and place + 1 < len(_UNITS):
            smaller, smaller_size = _UNITS[place + 1]
            whole, part = divmod(rest, size)
            part = part // smaller_size
            return f"{whole} {unit} {part} {smaller}" if part else f"{whole} {unit}"
    return f"{rest} s"


def clock(seconds: float) -> str:
    """Return hours, minutes and seconds: `0:00:45`, `12:30:00`; a column of them has one unit."""
    whole = round(abs(seconds))
    sign = "-" if seconds < 0 and whole else ""
    return f"{sign}{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def option(seconds: float) -> str:
    """Return a duration, rounded down to minutes, as an option takes it: `2h`, `1h05m`, `40m`."""
    hours, minutes = divmod(max(1, math.floor(seconds / 60)), 60)
    if not hours:
        return f"{minutes}m"
    return f"{hours}h{minutes:02d}m" if minutes else f"{hours}h"
