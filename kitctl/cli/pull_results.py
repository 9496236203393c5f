"""`kitctl pull-results`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import LocalOption, RunArgument
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.domain.runs import RunRef


@command("pull-results")
def pull_results(
    context: CommandContext,
    *,
    run: RunArgument = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the run has ended.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where; default: results/<slug>/v<N>/."),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="GLOB", help="Only files that match, such as '*.png'."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", metavar="N", min=1, max=64, help="So many files at once."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Fetch again what is here already.")
    ] = False,
    local: LocalOption = None,
) -> CommandResult:
    """Fetch a run's outputs, check them, and sum them up.

    Goes on where an earlier call stopped; what is here and unchanged is not fetched again.
    Results of another run of the same name move to v<N>.<time>.
    """
    from kitctl.adapters.download import HttpDownloader
    from kitctl.adapters.results_folder import LocalResultsFolder
    from kitctl.cli.follow import hint_on_interrupt
    from kitctl.operations.pull_results import PullOptions, pull_results
    from kitctl.operations.shared.watch import wait_for_end
    from kitctl.render.pull_results import draw_pulled

    settings = context.configure(local=local)
    target = context.find_run(run)
    client, ledger, console = context.client, context.ledger, context.console
    if wait:
        with hint_on_interrupt(target.ref):
            wait_for_end(target, client, ledger, context.clock, console)
    result = pull_results(
        target,
        client,
        ledger,
        # Loopback must not go through the user's proxy.
        HttpDownloader(direct=settings.local),
        LocalResultsFolder(out or _default_folder(context, target.ref)),
        PullOptions(only=only or "", jobs=jobs or max(1, settings.jobs), refetch=force),
        console,
    )
    return CommandResult(result, draw_pulled, result.failure)


def _default_folder(context: CommandContext, run: RunRef) -> Path:
    """Return `results/<slug>/v<N>` in the project, or here where there is none."""
    base = context.project_or_none() or Path.cwd()
    return base / context.config.results / run.kernel.slug / run.label
