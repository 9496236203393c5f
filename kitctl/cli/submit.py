"""`kitctl submit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import LocalOption, RunArgument
from kitctl.errors import NextCommand, UsageError
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.operations.watching.find_run import TargetRun


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
    again: Annotated[
        bool, typer.Option("--again", help="Also where it was handed in already.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also of a run that did not end well.")
    ] = False,
    local: LocalOption = None,
) -> CommandResult:
    """Hand a run's file in to its competition.

    A code competition gets the run itself, by kernel version; any other one the run's file. What
    was handed in already is not sent again: then its score is shown.
    """
    from tempfile import TemporaryDirectory

    from kitctl.adapters.kaggle.uploads import HttpUploader
    from kitctl.adapters.results_folder import LocalResultsFolder
    from kitctl.domain.job import source_names
    from kitctl.operations.submit import SubmitOptions, SubmitPorts, submit
    from kitctl.render.submit import draw_submit

    settings = context.configure(local=local)
    target = context.find_run(run)
    if competition:
        slug = source_names.clean(competition, source_names.COMPETITION).partition("/")[0]
    else:
        slug = _project_competition(context, target)
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
            downloads=context.downloader,
            uploader=HttpUploader(direct=settings.local, on_wait=context.console.warn),
            scratch=LocalResultsFolder(Path(folder)),
            clock=context.clock,
            reporter=context.console,
        )
        options = SubmitOptions(file=file, message=message, wait=wait, again=again, force=force)
        result = submit(target, slug, options, ports)
    read_score = NextCommand("submit", "RUN --wait", "shows its score", str(target.ref))
    hint = "" if result.failure or result.submission.public_score else read_score
    return CommandResult(result, draw_submit, result.failure, hint)


def _project_competition(context: CommandContext, target: TargetRun) -> str:
    """Return the competition among the sources of the project, whose run this is.

    Raises UsageError where there is not exactly one, or the run is another project's.
    """
    from kitctl.operations.project.read_metadata import read_metadata

    project = context.project_or_none()
    job = read_metadata(project).metadata if project else None
    names = job.sources.competitions if job else ()
    job_kernel = target.record.intent.job_kernel if target.record else None
    if job and job.slug not in {target.ref.kernel.slug, job_kernel and job_kernel.slug}:
        problem = f"{target.ref} is no run of this project, so that its competition is not known."
    elif len(names) == 1:
        return names[0]
    elif names:
        problem = f"The job names several competitions: {', '.join(names)}."
    else:
        problem = "The job names no competition to hand a file in to."
    raise UsageError(
        problem,
        code="competition",
        hint=NextCommand(
            "submit", f"RUN --competition {names[0] if names else 'SLUG'}", run=str(target.ref)
        ),
    )
