"""The options that every command takes, before its name or after."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from kitctl import __version__
from kitctl.render.output import CommandResult

GROUPS = {"datasets", "local", "models"}
"""The commands that have commands of their own."""


@dataclass(frozen=True)
class GlobalOptions:
    """The values of the options that every command takes."""

    project: Path | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False

    @classmethod
    def guess(cls, arguments: Sequence[str]) -> GlobalOptions:
        """Return the options of a command line that is not parsed yet, or cannot be."""
        own = arguments[: arguments.index("--")] if "--" in arguments else arguments
        return cls(
            json="--json" in own,
            quiet="-q" in own or "--quiet" in own,
            verbose="--verbose" in own,
        )

    def merged_with(self, later: GlobalOptions) -> GlobalOptions:
        """Return these options and those that stand after the command's name."""
        return GlobalOptions(
            project=later.project or self.project,
            json=later.json or self.json,
            quiet=later.quiet or self.quiet,
            verbose=later.verbose or self.verbose,
        )


def _show_version(call: typer.Context, is_given: bool) -> None:
    if is_given:
        result = CommandResult(
            {"version": __version__}, lambda result, _: print(f"kitctl {result['version']}")
        )
        call.obj.output.show("version", result)
        raise typer.Exit


def _declare(
    *,
    project: Annotated[
        Path | None,
        typer.Option(
            "--project",
            metavar="DIR",
            help="The project's folder; default: the nearest upwards with a kernel-metadata.json.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="Only warnings and errors on stderr.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Log each step on stderr; tracebacks too.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_show_version, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Declare the global options as Typer reads them."""


GLOBAL_OPTIONS = tuple(inspect.signature(_declare, eval_str=True).parameters.values())


def typed_command(arguments: Sequence[str]) -> str:
    """Return the command's name as it was typed, for a command line that cannot be parsed."""
    values = {place + 1 for place, word in enumerate(arguments) if word == "--project"}
    names = [
        word
        for place, word in enumerate(arguments)
        if place not in values and not word.startswith("-")
    ]
    return " ".join(names[: 2 if GROUPS.issuperset(names[:1]) else 1])
