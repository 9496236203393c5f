"""What a setting may be: readers that return the checked value or say what is wrong with it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ValueCheck:
    """`read` returns the value or raises ValueError; `allowed` says what it takes, in words."""

    read: Callable[[Any], Any]
    allowed: str


def one_of(*choices: str) -> ValueCheck:
    """One of some words."""

    def read(value: Any) -> str:
        if isinstance(value, str) and value in choices:
            return value
        raise ValueError("not one of the choices")

    return ValueCheck(read, ", ".join(repr(choice) for choice in choices))


def whole(least: int, most: int | None = None) -> ValueCheck:
    """A whole number from `least` to `most`, both included."""
    allowed = f"a whole number, {least} or more" if most is None else f"{least} to {most}"

    def read(value: Any) -> int:
        if type(value) is not int:
            raise ValueError("not a whole number")
        if value < least or (most is not None and value > most):
            raise ValueError("out of range")
        return value

    return ValueCheck(read, allowed)


def number(
    least: float, most: float, *, lower_open: bool = False, upper_open: bool = False
) -> ValueCheck:
    """A finite number from `least` to `most`; an open bound is itself not allowed."""
    above = f"more than {least:g}" if lower_open else f"{least:g} or more"
    below = "" if math.isinf(most) else f", {'less than' if upper_open else 'at most'} {most:g}"

    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("not a number")
        too_low = value <= least if lower_open else value < least
        too_high = value >= most if upper_open else value > most
        if not math.isfinite(value) or too_low or too_high:
            raise ValueError("out of range")
        return float(value)

    return ValueCheck(read, f"a number, {above}{below}")


def text(*, empty: bool = False) -> ValueCheck:
    """Any text."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("not a text")
        if not value.strip() and not empty:
            raise ValueError("empty")
        return value

    return ValueCheck(read, "a text, or empty" if empty else "a text that is not empty")


def list_of(
    item: ValueCheck,
    *,
    least: int = 0,
    length: int | None = None,
    single: bool = False,
    repeat: bool = False,
) -> ValueCheck:
    """A list whose items all pass `item`, read as a tuple.

    `single` also takes one bare item; `repeat` takes it for all of `length`.
    """
    size = f"{length}" if length else (f"{least} or more" if least else "any number of")

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            if not (single or repeat):
                raise ValueError("not a list")
            value = [value] * (length or 1)
        if length is not None and len(value) != length:
            raise ValueError(f"has {len(value)} items, not {length}")
        if len(value) < least:
            raise ValueError("has too few items")
        return tuple(item.read(each) for each in value)

    return ValueCheck(read, f"a list of {size} items, each: {item.allowed}")


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("not true or false")
    return value


BOOL = ValueCheck(_bool, "true, false")
