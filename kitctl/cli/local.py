"""`kitctl local …`: the local Kaggle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kitctl import config
from kitctl.cli import frame
from kitctl.cli.connection import state_folder
from kitctl.cli.frame import command
from kitctl.cli.invocation import Invocation
from kitctl.errors import InvalidInput, NextCommand, UsageError
from kitctl.render import local as render
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.domain.metadata import Sources
    from kitctl.local.lifecycle import LocalKaggle

StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state", metavar="DIR", help="Its state folder; default: the user's data folder."
    ),
]
PortOption = Annotated[
    int,
    typer.Option(
        "--port",
        metavar="N",
        min=0,
        max=65535,
        help="Default: the port of the last time, or any that is free.",
    ),
]


def register(app: typer.Typer) -> None:
    local = frame.group("The local Kaggle, which needs no account.")
    for function in (serve, start, stop, status, reset):
        command(local, function.__name__)(function)
    app.add_typer(local, name="local")


def stand_in(invocation: Invocation, sources: Sources, running: LocalKaggle | None = None) -> None:
    """Let the project's own folders stand for these data sets in the local Kaggle."""
    from kitctl.domain.metadata import Sources
    from kitctl.local import lifecycle
    from kitctl.operations.shared.prepare_sources import prepare, stand_ins

    datasets = Sources(datasets=sources.datasets)
    found = stand_ins(invocation.project, datasets, invocation.settings().sources, [])
    prepare(found, invocation.console)
    lifecycle.register_sources(
        running or lifecycle.start(state_folder()),
        {one.source: one.files for one in found if one.files is not None},
    )


def _project_sources(invocation: Invocation) -> Mapping[str, str]:
    """What the project says of its sources; nothing where there is no project."""
    try:
        return invocation.settings().sources
    except InvalidInput as error:
        if error.code != "no_project":
            raise
        return {}


def _standing(folder: Path) -> dict[str, Any]:
    """Whether a local Kaggle serves the folder, and where; never its token."""
    from kitctl.local import lifecycle

    running = lifecycle.find(folder)
    if running is None:
        return {"running": False, "endpoint": None, "pid": None, "state": folder}
    return {"running": True, **asdict(running)}


def serve(
    invocation: Invocation,
    state: StateOption = None,
    port: PortOption = 0,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="A loopback address.")
    ] = "127.0.0.1",
) -> CommandResult:
    """Serve in the foreground, until Ctrl-C."""
    from kitctl.local.process import serve as serve_until_stopped

    folder = state_folder(state)
    invocation.console.info(f"The local Kaggle keeps its state in {folder}. Ctrl-C ends it.")
    serve_until_stopped(folder, host, port, announce=invocation.output.line)
    return CommandResult({**_standing(folder), "stopped": True}, render.draw_stopped)


def start(invocation: Invocation, state: StateOption = None, port: PortOption = 0) -> CommandResult:
    """Start it in the background, if it is down.

    Inside a project, the folders that stand for its data sets are in it as well.
    """
    from kitctl.domain.metadata import Sources
    from kitctl.local import lifecycle

    with invocation.console.progress("Starting the local Kaggle"):
        running = lifecycle.start(state_folder(state), port)
    if sources := _project_sources(invocation):
        stand_in(invocation, Sources(datasets=tuple(sources)), running)
    return CommandResult(_standing(running.state), render.draw_running)


def stop(invocation: Invocation, state: StateOption = None) -> CommandResult:
    """End it, and the runs in it."""
    from kitctl.local import lifecycle

    folder = state_folder(state)
    stopped = lifecycle.stop(folder)
    return CommandResult({**_standing(folder), "stopped": stopped}, render.draw_stopped)


def status(invocation: Invocation, state: StateOption = None) -> CommandResult:
    """Say whether it is up, and where."""
    standing = _standing(state_folder(state))
    return CommandResult(standing, render.draw_running if standing["running"] else render.draw_down)


def reset(
    invocation: Invocation,
    state: StateOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Yes, forget everything.")] = False,
) -> CommandResult:
    """Forget its kernels, runs, data sets and quota."""
    from kitctl.adapters.ledger import SqliteLedger
    from kitctl.local import lifecycle

    folder = state_folder(state)
    if not yes:
        raise UsageError(
            f"This wipes all kernels, runs, outputs and data sets in {folder}.",
            code="not_confirmed",
            hint=NextCommand("local reset", "--yes"),
        )
    lifecycle.reset(folder)
    if state is None:
        # The books of a Kaggle that is no more would name runs that never were.
        with SqliteLedger(config.home() / "ledger.sqlite") as ledger:
            ledger.forget("local")
    return CommandResult({**_standing(folder), "reset": True}, render.draw_reset)
