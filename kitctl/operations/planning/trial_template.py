"""What a sweep varies in a job: settings, and placeholders in its arguments and variables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kitctl.domain.runs.search_space import (
    Choice,
    Parameter,
    SearchSpace,
    Values,
    chosen_text,
    parse_range,
    setting_value,
    varies,
)
from kitctl.errors import InvalidInput, NextCommand
from kitctl.operations.planning.overrides import parse_overrides, split_values

# `{lr}` is replaced, `{{lr}}` means `{lr}`, and other braces are what they are.
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([A-Za-z_]\w*)\}")


@dataclass(frozen=True)
class TrialTemplate:
    """A job with parameters: each stands in `arguments` or `environment`, or is a setting."""

    space: SearchSpace
    arguments: tuple[str, ...]
    environment: Mapping[str, str]

    @cached_property
    def settings(self) -> list[str]:
        """The parameters that no placeholder names: settings of the job."""
        texts = [*self.arguments, *self.environment.values()]
        placed = {name for text in texts for name in _PLACEHOLDER.findall(text) if name}
        return [name for name in self.space if name not in placed]

    def settings_of(self, values: Values) -> dict[str, Any]:
        """Return the settings of a trial."""
        return {name: setting_value(self.space[name], values[name]) for name in self.settings}

    def arguments_of(self, values: Values) -> tuple[str, ...]:
        """Return the arguments of a trial."""
        return tuple(_filled(text, values) for text in self.arguments)

    def environment_of(self, values: Values) -> dict[str, str]:
        """Return the variables of a trial."""
        return {name: _filled(text, values) for name, text in self.environment.items()}


def trial_template(
    options: Sequence[str], arguments: Sequence[str], environment: Mapping[str, str]
) -> TrialTemplate:
    """Return the template of `KEY=V1,V2` and `KEY=LOW..HIGH` options, arguments and variables.

    Raises InvalidInput where nothing varies, a range is none or a placeholder has no values.
    """
    space = dict(_parameter(option) for option in options)
    if not any(varies(parameter) for parameter in space.values()):
        raise InvalidInput(
            "A sweep needs a parameter with several values.",
            code="settings",
            hint=NextCommand("sweep", "--set lr=1e-4,1e-3 --set units=16..256"),
        )
    for text in [*arguments, *environment.values()]:
        for name in _PLACEHOLDER.findall(text):
            if name and name not in space:
                raise InvalidInput(
                    f"{text} names {{{name}}}, which has no values.",
                    code="settings",
                    hint=f"Give them with --set {name}=V1,V2, or write {{{{{name}}}}} for the text"
                    f" {{{name}}} itself.",
                )
    return TrialTemplate(space, tuple(arguments), dict(environment))


def has_range(options: Sequence[str]) -> bool:
    """Return whether one of the options gives a range, not a list."""
    return any(
        parse_range(name, text) is not None
        for name, _, text in (option.partition("=") for option in options)
    )


def _parameter(option: str) -> tuple[str, Parameter]:
    name, _, text = option.partition("=")
    parse_overrides([option])  # Refuses one without a key.
    parsed = parse_range(name.strip(), text)
    if parsed is not None:
        return name.strip(), parsed
    texts = split_values(text)
    values = {each: parse_overrides([f"value={each}"])["value"] for each in texts or [""]}
    return name.strip(), Choice(values)


def _filled(text: str, values: Values) -> str:
    def value(match: re.Match[str]) -> str:
        return chosen_text(values[match[1]]) if match[1] else match[0][0]

    return _PLACEHOLDER.sub(value, text)
