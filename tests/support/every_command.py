"""Every command that kitctl has."""

from __future__ import annotations

from collections.abc import Iterator

from kitctl.cli.app import MODULES, command_at
from kitctl.cli.command import Command, Group


def commands() -> Iterator[tuple[str, Command]]:
    """Yield each command by the words that call it, such as "local start"."""
    for name in MODULES:
        target = command_at(name)
        if isinstance(target, Group):
            yield from ((f"{name} {below.name}", below) for below in target.commands)
        elif isinstance(target, Command):
            yield name, target
