"""The options of a command line that a hint repeats, so that typing it does the same job."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kitctl.errors import NextCommand

# The parameters that say what a job is, whichever command packs it.
_OF_THE_JOB = ("settings", "env", "accelerator", "data")
# A folder stands for anybody's data set here, and at kaggle.com becomes one of the account's.
_ONLY_HERE = "data"

GivenOptions = Mapping[str, Sequence[str]]
"""A command's parameter → the words by which its option was given."""


def given_options(function: Callable[..., object], values: Mapping[str, Any]) -> GivenOptions:
    """Return the options of a command that have another value than their default."""
    given = {}
    for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
        flag = _flag(parameter)
        value = values.get(name)
        if not flag or value is None or value is False or value == parameter.default:
            continue
        each = value if isinstance(value, list) else [value]
        given[name] = [
            word for one in each for word in ([flag] if one is True else [flag, str(one)])
        ]
    return given


def repeated_options(
    given: GivenOptions,
    hint: NextCommand,
    *,
    typed: str,
    is_local: bool,
    takes_option: Callable[[str, str], bool],
) -> list[str]:
    """Return the words that a hint repeats of the command that was `typed`.

    The same command gets all of its options; another one those that say what the job is.
    """
    own = hint.options.split()
    is_here = is_local or "--local" in own
    words: list[str] = []
    for name, option in given.items():
        if name == "local" or option[0] in own:
            continue
        is_same = hint.command == typed
        is_of_job = name in _OF_THE_JOB and (is_here or name != _ONLY_HERE)
        if is_same or (is_of_job and takes_option(hint.command, name)):
            words += map(shlex.quote, option)
    return words


def _flag(parameter: inspect.Parameter) -> str:
    """Return the option's long name, "" for an argument."""
    for declared in getattr(parameter.annotation, "__metadata__", ()):
        # In an annotation Typer's first name stands as the default.
        names = [getattr(declared, "default", ""), *(getattr(declared, "param_decls", None) or ())]
        if found := next((name for name in names if str(name).startswith("--")), ""):
            return found
    return ""
