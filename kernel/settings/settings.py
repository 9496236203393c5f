"""The settings of a run: read from plain values, checked, and what follows from several of them."""

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from kernel.settings.contradictions import contradictions
from kernel.settings.declaration import Effect
from kernel.settings.knobs import KNOBS, Knobs
from kernel.settings.recipes import RECIPES


@dataclass(frozen=True)
class Problem:
    """A wrong setting: its value, what is wrong with it, and what is allowed."""

    setting: str
    value: Any
    message: str
    allowed: str


class SettingsError(Exception):
    """Every mistake of a job's settings, together."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{p.setting}: {p.message}" for p in problems))


@dataclass(frozen=True)
class Settings(Knobs):
    """The settings of a run; `knobs.py` declares them."""

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "Settings":
        """Settings from plain values (TOML, JSON).

        What is not in `mapping` has the value of its recipe, or else its default.

        Raises:
            SettingsError: with every mistake at once.
        """
        problems, values = [], {}
        recipe = mapping.get("recipe")
        mapping = {**(RECIPES.get(recipe, {}) if isinstance(recipe, str) else {}), **mapping}
        for name, value in mapping.items():
            if name not in KNOBS:
                problems.append(_unknown(name, value))
                continue
            validator = KNOBS[name].validator
            try:
                values[name] = validator.validate(value)
            except ValueError as error:
                problems.append(Problem(name, value, str(error), validator.allowed))
        settings = replace(cls(), **values)
        problems += [
            Problem(name, getattr(settings, name), message, allowed)
            for name, message, allowed in contradictions(settings)
        ]
        if problems:
            raise SettingsError(problems)
        return settings

    def changed(self, **values: Any) -> "Settings":
        """The same settings but for `values`, checked again."""
        return Settings.from_mapping({**self.as_dict(), **values})

    def as_dict(self) -> dict[str, Any]:
        """Every setting as JSON can hold it."""
        plain = {name: _plain(value) for name, value in asdict(self).items()}
        plain["sweep"] = {name: [_plain(v) for v in values] for name, values in self.sweep}
        return plain

    def of_recipe(self) -> dict[str, Any]:
        """The settings that the recipe names, with their values in force."""
        plain = self.as_dict()
        return {name: plain[name] for name in RECIPES[self.recipe]}

    def with_effect(self, *effects: Effect) -> dict[str, Any]:
        """The settings with one of the effects, as JSON can hold them."""
        plain = self.as_dict()
        return {name: plain[name] for name, knob in KNOBS.items() if knob.effect in effects}

    def as_trained(self) -> dict[str, Any]:
        """The settings that decide the trained weights, given the photos."""
        return self.with_effect(Effect.FEATURES, Effect.VIEWS, Effect.WEIGHTS, Effect.HEAD)

    @property
    def channels(self) -> int:
        """Colour channels of a photo."""
        return {"grayscale": 1, "rgb": 3, "rgba": 4}[self.color_mode]

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Shape of one photo: height, width, channels."""
        return (*self.image_size, self.channels)

    @property
    def head_pooling(self) -> str:
        """The layer between base and head; "auto" is the course's Flatten for a frozen base.

        A base trained from scratch gets the average: a Flatten of its many features drives the
        six units of the course's head to zero in the first epoch, where they stay.
        """
        if self.pooling != "auto":
            return self.pooling
        return "flatten" if self.base_is_frozen else "average"


def described() -> list[dict[str, Any]]:
    """The declaration of every setting, as JSON can hold it."""
    defaults = Settings().as_dict()
    return [
        {
            "name": name,
            "section": knob.section,
            "default": defaults[name],
            "allowed": knob.validator.allowed,
            "help": knob.help,
            "changes_weights": knob.effect is not Effect.NOTHING,
            "example": _plain(knob.example),
        }
        for name, knob in KNOBS.items()
    ]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _unknown(name: str, value: Any) -> Problem:
    close = difflib.get_close_matches(name, KNOBS, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "it is not a setting of this job"
    return Problem(name, value, f"unknown setting; {hint}", ", ".join(sorted(KNOBS)))
