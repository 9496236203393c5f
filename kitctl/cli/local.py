"""`kitctl local …`: the local Kaggle."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kitctl.cli.command import Group, command
from kitctl.cli.context import CommandContext, local_state, searches
from kitctl.errors import NextCommand, UsageError
from kitctl.render import local as render
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.domain.job.metadata import Sources
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
        show_default=False,
        help="Default: the port of the last time, or any that is free.",
    ),
]


def register_folders(
    context: CommandContext, sources: Sources, running: LocalKaggle | None = None
) -> None:
    """Let the project's own folders stand for these sources in the local Kaggle."""
    from kitctl.local import lifecycle
    from kitctl.operations.local_runs.register_sources import register_sources

    def register(folders: Mapping[str, Path]) -> None:
        lifecycle.register_sources(running or lifecycle.start(local_state()), folders)

    register_sources(context.project, context.config.sources, sources, register, context.console)


def register_secrets() -> None:
    """Hand the local Kaggle the secrets of this command's environment."""
    from kitctl.local import lifecycle
    from kitctl.sandbox import secrets

    lifecycle.register_secrets(lifecycle.start(local_state()), secrets.from_environment())


def _process_state(folder: Path) -> dict[str, Any]:
    """Return whether a local Kaggle serves the folder, and where; never its token."""
    from kitctl.local import lifecycle

    running = lifecycle.find(folder)
    if running is None:
        return {"running": False, "endpoint": None, "pid": None, "state": folder}
    return {"running": True, **asdict(running)}


@command("serve", examples=["kitctl local serve", "kitctl local serve --port 8000"])
def serve(
    context: CommandContext,
    *,
    state: StateOption = None,
    port: PortOption = 0,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="A loopback address.")
    ] = "127.0.0.1",
) -> CommandResult:
    """Serve in the foreground, until Ctrl-C."""
    from kitctl.local.process import serve

    folder = local_state(state)
    context.console.info(f"The local Kaggle keeps its state in {folder}. Ctrl-C ends it.")
    serve(folder, host, port, announce=context.output.line)
    return CommandResult({**_process_state(folder), "stopped": True}, render.draw_stopped)


@command("start", examples=["kitctl local start", "kitctl local start --state there"])
def start(
    context: CommandContext,
    *,
    state: StateOption = None,
    port: PortOption = 0,
) -> CommandResult:
    """Start it in the background, if it is down.

    Inside a project, the folders that stand for its data sets are in it as well.
    """
    from kitctl.local import lifecycle

    with context.console.progress("Starting the local Kaggle"):
        running = lifecycle.start(local_state(state), port)
    if names := context.config.sources:
        from kitctl.operations.local_runs.register_sources import sources_named

        register_folders(context, sources_named(names), running)
    return CommandResult(_process_state(running.state), render.draw_running)


@command("open", examples=["kitctl local open", "kitctl local open --state there"])
def open_pages(
    context: CommandContext,
    *,
    state: StateOption = None,
    print_only: Annotated[
        bool, typer.Option("--print", help="Print the link in place of opening it.")
    ] = False,
) -> CommandResult:
    """Open its pages in the browser.

    They show runs, live logs, outputs, data sets and the quota.

    The link signs in the first browser that opens it within two minutes, and then works no more.
    """
    from kitctl.cli.page import open_address
    from kitctl.local import lifecycle

    running = lifecycle.start(local_state(state))
    link = lifecycle.sign_in_link(running)
    if not print_only:
        open_address(link, context.console)
    # Anybody who reads the link within two minutes could use it: it is shown only on request.
    opened = {"endpoint": running.endpoint, "link": link if print_only else None}
    return CommandResult(opened, render.draw_opened)


@command("stop", examples=["kitctl local stop", "kitctl local stop --state there"])
def stop(
    context: CommandContext,
    *,
    state: StateOption = None,
) -> CommandResult:
    """End it, and the runs in it."""
    from kitctl.local import lifecycle

    folder = local_state(state)
    stopped = lifecycle.stop(folder)
    return CommandResult({**_process_state(folder), "stopped": stopped}, render.draw_stopped)


@command("status", examples=["kitctl local status", "kitctl local status --json"])
def status(
    context: CommandContext,
    *,
    state: StateOption = None,
) -> CommandResult:
    """Say whether it is up, and where."""
    process = _process_state(local_state(state))
    return CommandResult(process, render.draw_running if process["running"] else render.draw_down)


@command("reset", examples=["kitctl local reset", "kitctl local reset --state there"])
def reset(
    context: CommandContext,
    *,
    state: StateOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Yes, forget everything.")] = False,
) -> CommandResult:
    """Forget its kernels, runs, data sets and quota."""
    import shutil

    from kitctl.cli.datasets import push_states
    from kitctl.local import lifecycle

    folder = local_state(state)
    if not yes:
        same_state = "" if state is None else f"--state {shlex.quote(str(state))} "
        raise UsageError(
            f"This wipes all kernels, runs, outputs and data sets in {folder}.",
            code="not_confirmed",
            hint=NextCommand("local reset", f"{same_state}--yes"),
        )
    lifecycle.reset(folder)
    if state is None:
        # The ledger must not name runs of a Kaggle that is no more.
        context.ledger.forget("local")
        shutil.rmtree(push_states("local"), ignore_errors=True)
        shutil.rmtree(searches("local"), ignore_errors=True)
    return CommandResult({**_process_state(folder), "reset": True}, render.draw_reset)


local = Group(
    "local",
    "The local Kaggle, which needs no account.",
    [serve, start, open_pages, stop, status, reset],
)
