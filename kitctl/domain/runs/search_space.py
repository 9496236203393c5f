"""The values that a search may give the parameters of a job.

A parameter has a list of values (`1e-4,1e-3`) or a range (`16..256`, `1e-5..1e-1:log`, `0..1:0.1`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from kitctl.errors import InvalidInput

_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?::(log|{_NUMBER}))?")
_WHOLE = re.compile(r"[-+]?\d+")
_HINT = "For example: --set units=16..256   --set lr=1e-5..1e-1:log   --set dropout=0.0..0.5:0.1"
# A range with a step has a list of its values.
_MOST_STEPS = 10_000


@dataclass(frozen=True)
class Choice:
    """A list of values, each with the text that the user has typed for it."""

    values: Mapping[str, Any]

    @property
    def texts(self) -> list[str]:
        return list(self.values)

    @property
    def texts_in_order(self) -> list[str]:
        """The texts as an axis shows them: numbers by their size, others as they were typed."""
        are_numbers = all(type(value) in (int, float) for value in self.values.values())
        return sorted(self.values, key=self.values.__getitem__) if are_numbers else self.texts


@dataclass(frozen=True)
class Range:
    """All numbers from `low` to `high`, both included, or those a `step` apart from `low` on.

    `is_log`: each power of ten is as likely as any other.
    """

    low: float
    high: float
    is_whole: bool
    is_log: bool = False
    step: float | None = None

    @property
    def listed(self) -> list[float] | None:
        """Every value; None where there are more than one could list."""
        step = self.step or (1 if self.is_whole and not self.is_log else None)
        if step is None:
            return None
        steps = (self.high - self.low) / step + 1e-9
        if steps >= _MOST_STEPS:
            return None
        count = math.floor(steps) + 1
        # 0.3, not 0.30000000000000004.
        return [round(self.low + place * step, 12) for place in range(count)]


Parameter: TypeAlias = "Choice | Range"
SearchSpace: TypeAlias = "Mapping[str, Parameter]"
"""Parameter → its values."""
Values: TypeAlias = "Mapping[str, str | float]"
"""What a search chose: a list's text, or a number of a range."""


def parse_range(name: str, text: str) -> Range | None:
    """Return the range of `1e-5..1e-1:log` and the like; None for what is none.

    Raises InvalidInput for a range without values.
    """
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        return None
    low, high, form = match.groups()
    is_log = form == "log"
    step = float(form) if form and not is_log else None
    numbers = [low, high, *([form] if step is not None else [])]
    is_whole = all(_WHOLE.fullmatch(number) for number in numbers)
    kind = int if is_whole else float
    parsed = Range(
        kind(low), kind(high), is_whole, is_log, None if step is None else kind(form or 0)
    )
    if not all(map(math.isfinite, (parsed.low, parsed.high, step or 0.0))):
        raise _wrong(name, text, "it has a number that is too large")
    if parsed.low >= parsed.high:
        raise _wrong(name, text, "its first number is not below the second")
    if is_log and parsed.low <= 0:
        raise _wrong(name, text, "a logarithm needs numbers above 0")
    if step is not None and step <= 0:
        raise _wrong(name, text, "its step is not above 0")
    return parsed


def grid_size(space: SearchSpace) -> int | None:
    """Return the number of combinations; None where a range has too many values to list."""
    sizes = [len(listed) for listed in map(listed_values, space.values()) if listed is not None]
    return math.prod(sizes) if len(sizes) == len(space) else None


def listed_values(parameter: Parameter) -> list[Any] | None:
    """Return every value as a search chooses it; None where there are too many to list."""
    return parameter.texts if isinstance(parameter, Choice) else parameter.listed


def varies(parameter: Parameter) -> bool:
    """Return whether a parameter has more than one value."""
    return isinstance(parameter, Range) or len(parameter.values) > 1


def setting_value(parameter: Parameter, chosen: str | float) -> Any:
    """Return what a chosen value is as a setting of a job."""
    return parameter.values[str(chosen)] if isinstance(parameter, Choice) else chosen


def chosen_text(chosen: str | float) -> str:
    """Return a chosen value as an argument of a script: as typed, or the number."""
    return chosen if isinstance(chosen, str) else repr(chosen)


def shown_text(chosen: str | float) -> str:
    """Return a chosen value as people read it: a number with four digits."""
    return f"{chosen:.4g}" if isinstance(chosen, float) else str(chosen)


def parameter_text(parameter: Parameter) -> str:
    """Return a parameter's values as people write them; the same values have the same text."""
    if isinstance(parameter, Choice):
        return ",".join(parameter.texts)
    form = ":log" if parameter.is_log else f":{parameter.step!r}" if parameter.step else ""
    return f"{parameter.low!r}..{parameter.high!r}{form}"


def _wrong(name: str, text: str, reason: str) -> InvalidInput:
    return InvalidInput(f"--set {name}={text} is no range: {reason}.", code="settings", hint=_HINT)
