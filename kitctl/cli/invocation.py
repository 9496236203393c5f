"""What the user asked for besides the command itself."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import typer

from kitctl import __version__, config
from kitctl.errors import Hint, NextCommand, hint_text
from kitctl.render.console import Console
from kitctl.render.output import CommandResult, JsonOutput, Output, PeopleOutput

# The commands that take --local.
TAKE_LOCAL = frozenset(
    {
        *("cancel", "doctor", "logs", "pipelines", "pull-results", "push"),
        *("quota", "runs", "status", "sweep", "wait"),
    }
)


def _show_version(context: typer.Context, asked: bool) -> None:
    if not asked:
        return
    invocation: Invocation = context.obj
    invocation.output.show(
        "version",
        CommandResult(
            {"version": __version__}, lambda result, _: print(f"kitctl {result['version']}")
        ),
    )
    raise typer.Exit


@dataclass(frozen=True)
class GlobalOptions:
    """The options that every command takes, before its name or after."""

    project: Annotated[
        Path | None,
        typer.Option(
            "--project",
            metavar="DIR",
            help="The project's folder; default: the nearest upwards with a kernel-metadata.json.",
        ),
    ] = None
    json: Annotated[bool, typer.Option("--json", help="Answer with one JSON object on stdout.")] = (
        False
    )
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="Only warnings and errors on stderr.")
    ] = False
    verbose: Annotated[bool, typer.Option("--verbose", help="Say more; tracebacks too.")] = False
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_show_version, help="Show the version and exit."
        ),
    ] = False

    @classmethod
    def guess(cls, words: Sequence[str]) -> GlobalOptions:
        """What can be told before the line is parsed, for a line that cannot be."""
        own = words[: words.index("--")] if "--" in words else words
        return cls(
            json="--json" in own,
            quiet="-q" in own or "--quiet" in own,
            verbose="--verbose" in own,
        )

    def then(self, later: GlobalOptions) -> GlobalOptions:
        """These options with those that were given after the command's name."""
        return GlobalOptions(
            project=later.project or self.project,
            json=later.json or self.json,
            quiet=later.quiet or self.quiet,
            verbose=later.verbose or self.verbose,
        )


def command_typed(words: Sequence[str]) -> str:
    """The command as it was typed, for a line that Typer cannot read."""
    values = (place + 1 for place, word in enumerate(words) if word == "--project")
    skipped = set(values)
    typed = [
        word
        for place, word in enumerate(words)
        if place not in skipped and not word.startswith("-")
    ]
    return " ".join(typed[: 2 if typed[:1] == ["local"] else 1])


class Invocation:
    """One call of kitctl: its global options, its command, and where its answer goes."""

    def __init__(self, options: GlobalOptions, command: str = "") -> None:
        self.options = options
        self.command = command
        self.local = False

    def hint_text(self, hint: Hint) -> str:
        """Return a hint whose commands repeat the options that the user gave."""
        return hint_text(hint, self._given)

    def _given(self, next_command: NextCommand) -> str:
        options = []
        own = next_command.options.split()
        if self.local and next_command.command in TAKE_LOCAL and "--local" not in own:
            options.append("--local")
        if self.options.project is not None and not next_command.command.startswith("local"):
            options.append(f"--project {shlex.quote(str(self.options.project))}")
        return " ".join(options)

    @cached_property
    def console(self) -> Console:
        return Console(quiet=self.options.quiet, hint_text=self.hint_text)

    @cached_property
    def output(self) -> Output:
        return JsonOutput(self.hint_text) if self.options.json else PeopleOutput(self.console)

    @cached_property
    def project(self) -> Path:
        """The project's folder.

        Raises InvalidInput where there is none.
        """
        return config.find_project(self.options.project, Path.cwd())

    def settings(self, **options: object) -> config.Config:
        """The project's settings; an option of None was not given."""
        return config.load(self.project, options)

    def user_settings(self, **options: object) -> config.Config:
        """The settings of a command that needs no project."""
        return config.load(None, options)
