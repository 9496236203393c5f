"""`kitctl init`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.errors import KitError, UsageError
from kitctl.render.output import CommandResult


class Template(StrEnum):
    """The jobs that `init` can write."""

    COMPETITION = "competition"
    COURSE = "course"
    KERAS = "keras"
    NOTEBOOK = "notebook"
    PYTORCH = "pytorch"
    SKLEARN = "sklearn"


# So many runs of the ledger are looked through for names of jobs.
KNOWN_RUNS = 1000


@command(
    "init",
    examples=[
        "kitctl init digits --template sklearn",
        "kitctl init --from train.py --accelerator t4x2",
    ],
)
def init(
    context: CommandContext,
    *,
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR",
            help="The project's folder; default: that of --from, else the current one.",
            show_default=False,
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="A script or notebook of yours."),
    ] = None,
    template: Annotated[
        Template | None, typer.Option("--template", help="A job that runs as it is.")
    ] = None,
    title: Annotated[
        str | None,
        typer.Option("--title", metavar="TEXT", help="The title on Kaggle, 5 characters or more."),
    ] = None,
    accelerator: Annotated[
        str | None,
        typer.Option(
            "--accelerator",
            metavar="t4x2|tpu|cpu|NAME",
            help="The machine; default: what the code's imports need.",
        ),
    ] = None,
) -> CommandResult:
    """Start a project, without an account.

    It needs a kernel-metadata.json beside your code: --from writes it for a script or notebook that
    is there, with the title from its name, machine and internet from what it imports. --template
    writes a job that runs as it is. No file that is there is changed.
    """
    from kitctl.operations import init as operation
    from kitctl.render.init import draw_init

    folder = folder or context.options.project
    if (source is None) == (template is None):
        raise UsageError(
            "Say what the project starts from: --from FILE or --template NAME, one of them.",
            hint=operation.advice_on_start(folder or Path.cwd()),
        )
    if source is not None:
        result = operation.init_from_file(
            source,
            folder,
            title=title,
            accelerator=accelerator or "",
            taken=_pushed_slugs(context),
        )
    else:
        assert template is not None
        result = operation.init_from_template(
            template.value, folder or Path.cwd(), title=title, accelerator=accelerator or ""
        )
    for warning in result.warnings:
        context.console.warn(warning)
    return CommandResult(result, draw_init)


def _pushed_slugs(context: CommandContext) -> set[str]:
    """Return the slugs of the jobs that were pushed from here: another one must not be theirs."""
    try:
        return {
            run.intent.kernel.slug
            for service in ("kaggle", "local")
            for run in context.ledger.runs(service, None, limit=KNOWN_RUNS)
        }
    except KitError:
        return set()  # A project can be begun whatever is the matter with the ledger.
