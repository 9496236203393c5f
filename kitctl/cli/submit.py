"""`kitctl submit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import LocalOption, RunArgument
from kitctl.errors import NextCommand, UsageError
from kitctl.render.output import CommandResult


@command(
    "submit",
    examples=[
        "kitctl submit --wait",
        "kitctl submit 12 --competition titanic --file submission.csv",
    ],
)
def submit(
    context: CommandContext,
    *,
    run: RunArgument = None,
    competition: Annotated[
        str | None,
        typer.Option("--competition", metavar="C", help="Default: the job's competition source."),
    ] = None,
    file: Annotated[
        str, typer.Option("--file", metavar="NAME", help="The run's file to hand in.")
    ] = "submission.csv",
    message: Annotated[
        str, typer.Option("-m", "--message", metavar="TEXT", help="Default: the run's name.")
    ] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is scored.")] = False,
    local: LocalOption = None,
) -> CommandResult:
    """Hand a run's file in to its competition.

    A code competition gets the run itself, by kernel version; any other one the run's file.
    """
    from tempfile import TemporaryDirectory

    from kitctl.adapters.download import HttpDownloader
    from kitctl.adapters.kaggle.uploads import HttpUploader
    from kitctl.adapters.results_folder import LocalResultsFolder
    from kitctl.operations.submit import SubmitPorts, submit
    from kitctl.render.submit import draw_submit

    settings = context.configure(local=local)
    slug = _slug(competition) if competition else _project_competition(context)
    target = context.find_run(run)
    client = context.client
    if settings.local:
        from kitctl.cli.local import register_folders
        from kitctl.domain.job.metadata import Sources

        register_folders(context, Sources(competitions=(slug,)))
    with TemporaryDirectory(prefix="kitctl-") as folder:
        ports = SubmitPorts(
            kaggle=client,
            competitions=client.competitions,
            ledger=context.ledger,
            # Loopback must not go through the user's proxy.
            downloads=HttpDownloader(direct=settings.local),
            uploader=HttpUploader(direct=settings.local, on_wait=context.console.warn),
            scratch=LocalResultsFolder(Path(folder)),
            clock=context.clock,
            reporter=context.console,
        )
        result = submit(target, slug, file, message, ports, wait=wait)
    return CommandResult(result, draw_submit, result.failure)


def _slug(competition: str) -> str:
    """Return the slug of a competition that is named by slug or by address."""
    return competition.rstrip("/").rpartition("/")[2]


def _project_competition(context: CommandContext) -> str:
    """Return the competition among the project's sources.

    Raises UsageError where there is not exactly one.
    """
    from kitctl.operations.project.read_metadata import read_metadata

    project = context.project_or_none()
    names = read_metadata(project).metadata.sources.competitions if project else ()
    if len(names) == 1:
        return _slug(names[0])
    several = f"The job names several competitions: {', '.join(names)}."
    raise UsageError(
        several if names else "The job names no competition to hand a file in to.",
        code="competition",
        hint=NextCommand("submit", f"--competition {names[0] if names else 'SLUG'}"),
    )
