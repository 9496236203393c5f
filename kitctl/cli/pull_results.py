"""`kitctl pull-results`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kitctl.cli.connection import LocalOption, RunArgument, open_road, run_name, settings_for
from kitctl.cli.frame import command
from kitctl.cli.invocation import Invocation
from kitctl.errors import InvalidInput
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.domain.runs import RunRef


def register(app: typer.Typer) -> None:
    command(app, "pull-results")(pull_results)


def pull_results(
    invocation: Invocation,
    run: RunArgument = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the run has ended.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where; default: results/<slug>/v<N>/."),
    ] = None,
    only: Annotated[
        str, typer.Option("--only", metavar="GLOB", help="Only files that match, such as '*.png'.")
    ] = "",
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", metavar="N", min=1, max=64, help="So many files at once."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Fetch anew what is here already.")
    ] = False,
    local: LocalOption = None,
) -> CommandResult:
    """Fetch a run's outputs, checked, and sum them up.

    Goes on where an earlier call stopped; what is here and unchanged is not fetched again.
    """
    from kitctl.adapters.download import HttpDownloader
    from kitctl.adapters.results_folder import LocalResultsFolder
    from kitctl.cli.follow import goes_on
    from kitctl.operations.pull_results import Selection
    from kitctl.operations.pull_results import pull_results as pull
    from kitctl.operations.shared.watch import wait_for_end
    from kitctl.render.pull_results import draw_pulled

    name = run_name(run)
    settings = settings_for(invocation, local)
    at_once = jobs or max(1, settings.jobs)
    with open_road(invocation, local=settings.local) as road:
        found = road.find(invocation, name)
        if wait:
            with goes_on(found.ref):
                wait_for_end(found, road.kaggle, road.ledger, road.clock, invocation.console)
        pulled = pull(
            found,
            road.kaggle,
            road.ledger,
            # Loopback must not go through the user's proxy.
            HttpDownloader(direct=settings.local),
            LocalResultsFolder(out or _folder(invocation, settings.results, found.ref)),
            Selection(only=only, jobs=at_once, anew=force),
            invocation.console,
        )
    return CommandResult(pulled, draw_pulled, pulled.failure)


def _folder(invocation: Invocation, results: str, run: RunRef) -> Path:
    """`results/<slug>/v<N>` in the project, or here where there is none."""
    try:
        base = invocation.project
    except InvalidInput:
        base = Path.cwd()
    return base / results / run.kernel.slug / run.label
