"""Which options a hint repeats is decided for every option, and holds for all of push's."""

from __future__ import annotations

import inspect
import shlex
from collections import defaultdict
from typing import Any

import pytest
from support.every_command import commands

from kitctl.cli.app import command_at, takes_option
from kitctl.cli.command import Command
from kitctl.cli.context import CommandContext
from kitctl.cli.global_options import GlobalOptions
from kitctl.cli.repeated_options import OWN, REPEATED, given_options
from kitctl.errors import NextCommand


def options(command: Command) -> dict[str, Any]:
    """Return a value for each option of the command that is not its default."""
    values: dict[str, Any] = {}
    parameters = inspect.signature(command.function, eval_str=True).parameters
    for name, parameter in list(parameters.items())[1:]:
        kind = str(parameter.annotation)
        given: Any = True if "bool" in kind else 7 if "int" in kind else "a b"
        if "float" in kind:
            given = 1.5
        value = [given, given] if "list[" in kind else given
        if given_options(command.function, {name: value}):
            values[name] = value
    return values


def hint(typed: str, values: dict[str, Any], command: NextCommand) -> list[str]:
    context = CommandContext(GlobalOptions(), typed, takes_option)
    found = command_at(typed)
    assert isinstance(found, Command)
    context.given = given_options(found.function, values)
    return shlex.split(context.hint_text(command))


PUSH = dict(commands())["push"]


def test_it_is_decided_for_every_option_of_several_commands() -> None:
    commands_with = defaultdict(set)
    for name, command in commands():
        for option in options(command):
            commands_with[option].add(name)
    shared = {option for option, names in commands_with.items() if len(names) > 1}
    assert not REPEATED & OWN
    assert shared <= REPEATED | OWN, "say in cli/repeated_options.py whether hints repeat it"
    assert shared >= REPEATED | OWN, "no two commands take it any more"


@pytest.mark.parametrize("option", options(PUSH))
def test_push_repeats_each_of_its_options(option: str) -> None:
    values = {option: options(PUSH)[option]}
    words = hint("push", values, NextCommand("push"))
    assert words == ["kitctl", "push", *given_options(PUSH.function, values).get(option, [])] or (
        option == "local"
    )
    assert hint("push", values, NextCommand("push", without=(option,))) == ["kitctl", "push"]


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_a_hint_from_push_repeats_what_the_other_command_takes_in_the_same_sense(name: str) -> None:
    values = options(PUSH) | {"local": None}
    words = hint("push", values, NextCommand(name))
    for option, given in given_options(PUSH.function, values).items():
        if not takes_option(name, option):
            assert given[0] not in words
        elif name in ("dry-run", "package", "sweep", "pipelines") and option in (
            *("settings", "env", "timeout", "name", "message", "when_free", "again"),
        ):
            # A sweep's variables have its parameters in braces.
            assert (given[0] in words) != (name == "sweep" and option == "env")
    assert name != "wait" or "--timeout" not in words
    assert name != "pull-results" or "--force" not in words


def test_what_pushes_by_another_command_is_pushed_by_that_again() -> None:
    values = {"push": True, "read_delay": 2.0, "when_free": True}
    words = hint("pipelines", values, NextCommand("push", "--again"))
    assert words == shlex.split("kitctl pipelines --read-delay 2.0 --when-free --push --again")


def test_a_command_below_another_one_gets_its_options_too() -> None:
    assert takes_option("datasets status", "local") and not takes_option("datasets", "local")
    words = hint("datasets push", {"exclude": ["*.tmp"]}, NextCommand("datasets check", "photos"))
    assert words == ["kitctl", "datasets", "check", "--exclude", "*.tmp", "photos"]
