"""`kitctl pull-results`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import LocalOption, RunArgument
from kitctl.render.output import CommandResult


@command(
    "pull-results",
    examples=[
        "kitctl pull-results",
        "kitctl pull-results 12 --wait",
        "kitctl pull-results --only '*.png'",
    ],
)
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
    shards: Annotated[
        bool,
        typer.Option("--shards", help="Pull all shards of the run's group, and join their files."),
    ] = False,
    open_it: Annotated[
        bool, typer.Option("--open", help="Open the report on the run in the browser.")
    ] = False,
    local: LocalOption = None,
) -> CommandResult:
    """Fetch a run's outputs, check them, and sum them up.

    Writes one HTML page about the run beside them.

    Goes on where an earlier call stopped; what is here and unchanged is not fetched again.
    Results of another run of the same name move to v<N>.<time>.
    """
    from kitctl.cli.follow import hint_on_interrupt
    from kitctl.cli.page import open_page, pull_with_page
    from kitctl.cli.pull_shards import pull_group
    from kitctl.operations.pull_results import PullOptions
    from kitctl.operations.watching.watch import wait_for_end
    from kitctl.render.pull_results import draw_pulled

    settings = context.configure(local=local)
    target = context.find_run(run)
    options = PullOptions(only=only or "", jobs=jobs or max(1, settings.jobs), refetch=force)
    if shards:
        return pull_group(context, target, options, out, waits=wait, opens=open_it)
    if wait:
        with hint_on_interrupt(target.ref):
            wait_for_end(target, context.client, context.ledger, context.clock, context.console)
    result = pull_with_page(context, target, options, out)
    if open_it:
        open_page(result.page or result.log, context.console)
    return CommandResult(result, draw_pulled, result.failure)
