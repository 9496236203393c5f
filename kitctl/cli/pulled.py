"""Runs whose results are on this machine, for the commands that read them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kitctl.cli.context import CommandContext

if TYPE_CHECKING:
    from kitctl.domain.runs.run import KernelRef
    from kitctl.operations.results.pulled_run import PulledRun, PulledRuns

PulledRunsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RUN…",
        help="N, vN, OWNER/SLUG/N or a folder of results; default: the newest pulled run.",
        show_default=False,
    ),
]


def pulled_runs(context: CommandContext) -> PulledRuns:
    """Return where pulled runs are found, without asking Kaggle."""
    from kitctl.adapters.results_folder import LocalResultsFolder
    from kitctl.operations.results.pulled_run import PulledRuns

    base = context.project_or_none() or Path.cwd()
    return PulledRuns(
        results=base / context.config.results,
        kernel=lambda: _kernel(context),
        service=_service(context),
        ledger=context.ledger,
        open_folder=LocalResultsFolder,
    )


def warn_of_unreadable(context: CommandContext, runs: Iterable[PulledRun]) -> None:
    """Name the files that should say something of a run and cannot be read."""
    from kitctl.operations.results.run_summary import HISTORY

    for run in runs:
        for file in run.summary.unreadable:
            if file.path != HISTORY or not run.summary.history.columns:
                context.console.warn(f"{file.path} of {run.name} {file.reason}.")


def _service(context: CommandContext) -> str:
    return "local" if context.config.local else "kaggle"


def _kernel(context: CommandContext) -> KernelRef:
    """Return the project's kernel; where its id has no owner, the account last seen."""
    service = _service(context)
    return context.kernel(lambda: context.ledger.last_account(service) or "local")
