"""How a setting is declared: one call that holds everything about it but the value in force."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any, TypeVar

from kernel.settings.validators import Validator

T = TypeVar("T")


class Effect(Enum):
    """What a setting changes in the result of a run.

    Everything but NOTHING changes the trained weights. A checkpoint is continued only where all
    settings with such an effect are the same, or, for PHOTOS, the photos themselves.
    """

    NOTHING = "nothing: the weights after each epoch are the same"
    PHOTOS = "which photos are used"
    FEATURES = "what a frozen base computes"
    VIEWS = "the augmented views, of which a frozen base computes features"
    WEIGHTS = "the weights"
    HEAD = "the head's weights: a sweep may vary it"


@dataclass(frozen=True)
class Knob:
    """The declaration of one setting.

    `help` is one sentence; `example` is a value other than the default.
    """

    name: str
    section: str
    default: Any
    validator: Validator[Any]
    help: str
    example: Any
    effect: Effect


def knob(
    default: T,
    validator: Validator[T],
    help: str,
    *,
    section: str = "",
    example: Any = None,
    effect: Effect = Effect.WEIGHTS,
) -> T:
    """Declare a setting as a field of a dataclass.

    `section` is the title above this setting and those that follow it.
    """
    metadata = {
        "validator": validator,
        "help": help,
        "section": section,
        "example": example,
        "effect": effect,
    }
    return field(default=default, metadata=metadata)


def knobs_of(cls: type) -> Iterator[Knob]:
    """The settings that a dataclass declares, in their order."""
    section = ""
    for each in fields(cls):
        section = each.metadata["section"] or section
        yield Knob(each.name, default=each.default, **{**each.metadata, "section": section})
