"""Validators of single values: each returns the checked value or says what is wrong with it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

_MOST_BITS = 1000  # of a whole number: with more it is none that a float can be
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")

Grid = tuple[tuple[str, tuple[Any, ...]], ...]


@dataclass(frozen=True)
class Validator(Generic[T_co]):
    """What a value may be.

    `validate` returns the value in its final type, or raises ValueError with what is wrong.
    `allowed` says for people what it takes.
    """

    validate: Callable[[Any], T_co]
    allowed: str


def one_of(*choices: str) -> Validator[str]:
    """One of the given strings."""

    def validate(value: Any) -> str:
        if isinstance(value, str) and value in choices:
            return value
        raise ValueError("not one of the choices")

    return Validator(validate, ", ".join(repr(choice) for choice in choices))


def boolean() -> Validator[bool]:
    """True or false."""

    def validate(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError("not true or false")
        return value

    return Validator(validate, "true, false")


def whole(least: int | None = None, most: int | None = None) -> Validator[int]:
    """A whole number from `least` to `most`, both included."""

    def validate(value: Any) -> int:
        if type(value) is not int:
            raise ValueError("not a whole number")
        if (least is not None and value < least) or (most is not None and value > most):
            raise ValueError("out of range")
        return value

    allowed = "a whole number"
    if least is not None:
        allowed += f", {least} or more" if most is None else f" from {least} to {most}"
    return Validator(validate, allowed)


def number(
    least: float,
    most: float = math.inf,
    *,
    least_excluded: bool = False,
    most_excluded: bool = False,
) -> Validator[float]:
    """A finite number from `least` to `most`; an excluded bound is itself not allowed."""
    above = f"more than {least:g}" if least_excluded else f"{least:g} or more"
    below = "" if math.isinf(most) else f", {'less than' if most_excluded else 'at most'} {most:g}"

    def validate(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("not a number")
        if isinstance(value, int) and value.bit_length() > _MOST_BITS:
            raise ValueError("out of range")
        too_low = value <= least if least_excluded else value < least
        too_high = value >= most if most_excluded else value > most
        if not math.isfinite(value) or too_low or too_high:
            raise ValueError("out of range")
        return float(value)

    return Validator(validate, f"a number, {above}{below}")


def share(*, below_one: bool = False) -> Validator[float]:
    """A share: from 0 to 1, or less than 1."""
    return number(0, 1, most_excluded=below_one)


def text(*, empty: bool = False) -> Validator[str]:
    """Any text; an empty one only with `empty`."""

    def validate(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("not a text")
        if not value.strip() and not empty:
            raise ValueError("empty")
        return value

    return Validator(validate, "a text, or empty" if empty else "a text that is not empty")


def list_of(
    item: Validator[T], *, least: int = 0, single: bool = False
) -> Validator[tuple[T, ...]]:
    """A list of `least` or more items that all pass `item`; `single` also takes one bare item."""

    def validate(value: Any) -> tuple[T, ...]:
        if not isinstance(value, list | tuple):
            if not single:
                raise ValueError("not a list")
            value = [value]
        if len(value) < least:
            raise ValueError("has too few items")
        return tuple(item.validate(each) for each in value)

    size = f"{least} or more" if least else "any number of"
    bare = " (or one item)" if single else ""
    return Validator(validate, f"a list of {size} items{bare}, each: {item.allowed}")


def pair_of(item: Validator[T]) -> Validator[tuple[T, T]]:
    """A list of two items that pass `item`, or one bare item that stands for both."""

    def validate(value: Any) -> tuple[T, T]:
        if not isinstance(value, list | tuple):
            value = [value, value]
        if len(value) != 2:
            raise ValueError(f"has {len(value)} items, not 2")
        return item.validate(value[0]), item.validate(value[1])

    return Validator(validate, f"a list of 2 items (or one for both), each: {item.allowed}")


def either(first: Validator[T], second: Validator[U]) -> Validator[T | U]:
    """A value that passes one of two validators; the first is tried first."""

    def validate(value: Any) -> T | U:
        try:
            return first.validate(value)
        except ValueError as error:
            why_not = str(error)
        try:
            return second.validate(value)
        except ValueError as error:
            raise ValueError(f"{why_not}, and {error}") from None

    return Validator(validate, f"{first.allowed}, {second.allowed}")


def grid_of(validators: Callable[[], Mapping[str, Validator[Any]]]) -> Validator[Grid]:
    """A table: name → values, or one value. Each value passes the validator of its name.

    `validators` is called when a table is checked, not before.
    """

    def validate(value: Any) -> Grid:
        if not isinstance(value, Mapping):
            raise ValueError("expected a table of setting = [values]")
        known = validators()
        grid = []
        for name, choices in value.items():
            if name not in known:
                raise ValueError(f"{name!r} cannot vary in a sweep, only {', '.join(known)}")
            listed = choices if isinstance(choices, list | tuple) else [choices]
            if not listed:
                raise ValueError(f"{name!r} has no values")
            try:
                grid.append((name, tuple(known[name].validate(choice) for choice in listed)))
            except ValueError as error:
                raise ValueError(f"{name}: {error}; allowed: {known[name].allowed}") from None
        return tuple(grid)

    return Validator(validate, "a table: setting of the head = [values]")
