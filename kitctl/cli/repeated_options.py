"""The options of a command line that a hint repeats, so that typing it does the same job."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kitctl.errors import NextCommand

REPEATED = frozenset(
    {
        *("settings", "env", "data", "accelerator", "timeout", "name", "message"),
        *("when_free", "replace", "again", "force", "exclude", "notify", "open_it", "state"),
    }
)
"""The options that a hint repeats in another command that takes them, by their parameters."""
OWN = frozenset(
    {
        *("local", "out", "csv", "plot", "follow", "push", "metric", "sort", "wait", "jobs"),
        *("id", "title", "license", "public", "port", "hours", "only_plan", "shards"),
        "sessions",
    }
)
"""The options of several commands that say something about the command that was typed only."""
# These name other things in the commands of one group than in those of another.
_OTHER_MEANINGS: Mapping[str, tuple[frozenset[str], ...]] = {
    "timeout": (frozenset({"push", "pipelines", "sweep"}), frozenset({"wait"})),
    # A sweep's variables have its parameters in braces.
    "env": (frozenset({"push", "dry-run", "package"}), frozenset({"sweep"})),
    "message": (frozenset({"push", "pipelines"}), frozenset({"submit"})),
    "force": (frozenset({"push", "pipelines"}), frozenset({"pull-results"})),
    "data": (frozenset({"push", "dry-run", "sweep"}), frozenset({"pipelines"})),
}
# A folder stands for anybody's data set here, and at kaggle.com becomes one of the account's.
_ONLY_HERE = "data"

GivenOptions = Mapping[str, Sequence[str]]
"""A command's parameter → the arguments by which its option was given."""


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


def as_typed(
    hint: NextCommand, typed: str, takes_option: Callable[[str, str], bool]
) -> NextCommand:
    """Return the hint for what was typed: its own `--push`, in place of `push`, pushes the same."""
    if hint.command != "push" or not takes_option(typed, "push"):
        return hint
    options = " ".join(filter(None, ["--push", hint.options]))
    return replace(hint, command=typed, options=options)


def repeated_options(
    given: GivenOptions,
    hint: NextCommand,
    *,
    typed: str,
    is_local: bool,
    takes_option: Callable[[str, str], bool],
) -> list[str]:
    """Return the arguments that a hint repeats of the command that was `typed`.

    The same command gets all of its options, another one those of `REPEATED` that it takes.
    """
    own = hint.options.split()
    is_here = is_local or "--local" in own
    parts: list[str] = []
    for name, option in given.items():
        if name == "local" or name in hint.without or option[0] in own:
            continue
        is_shared = (
            name in REPEATED
            and takes_option(hint.command, name)
            and _means_the_same(name, typed, hint.command)
            and (is_here or name != _ONLY_HERE)
        )
        if hint.command == typed or is_shared:
            parts += map(shlex.quote, option)
    return parts


def _means_the_same(option: str, typed: str, other: str) -> bool:
    groups = _OTHER_MEANINGS.get(option, ())
    return not groups or any({typed, other} <= group for group in groups)


def _flag(parameter: inspect.Parameter) -> str:
    """Return the option's long name, "" for an argument."""
    for declared in getattr(parameter.annotation, "__metadata__", ()):
        # In an annotation Typer's first name stands as the default.
        names = [getattr(declared, "default", ""), *(getattr(declared, "param_decls", None) or ())]
        if long_name := next((name for name in names if str(name).startswith("--")), ""):
            return long_name
    return ""
