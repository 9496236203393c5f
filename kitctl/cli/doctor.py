"""`kitctl doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import LocalOption
from kitctl.errors import InvalidInput, NextCommand, Refused
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.domain.metadata import Sources

# Seconds for all tries of one request: nobody waits minutes to hear that the network is down.
REQUEST_SECONDS = 8.0


@command("doctor")
def doctor(
    context: CommandContext,
    *,
    local: LocalOption = None,
) -> CommandResult:
    """Say what is missing before it costs anything."""
    from kitctl.operations import doctor
    from kitctl.render.doctor import draw_diagnosis
    from kitctl.sandbox import runner

    project_checks = list(
        doctor.check_project(
            lambda: context.project,
            lambda: context.configure(local=local),
            runner.missing_notebook_packages(),
        )
    )
    if not project_checks[0].ok:
        # The check says what is wrong with the project; Kaggle can be checked all the same.
        context.configure_without_project(local=local)
    sources = _sources_to_ask_for(context)
    diagnosis = doctor.Diagnosis(
        (
            *doctor.check_machine(runner.isolation(), Path.cwd()),
            *project_checks,
            *doctor.check_kaggle(lambda: context.connect(REQUEST_SECONDS), sources),
        )
    )
    if not diagnosis.failed:
        return CommandResult(diagnosis, draw_diagnosis)
    names = [check.name for check in diagnosis.failed]
    # Only the account is missing where the project itself is all right.
    kind = Refused if names == ["credentials"] else InvalidInput
    failure = kind(
        f"Something is missing: {', '.join(names)}.",
        code="doctor",
        hint=("Do what stands beside each, then: ", NextCommand("doctor")),
    )
    return CommandResult(diagnosis, draw_diagnosis, failure)


def _sources_to_ask_for(context: CommandContext) -> Sources:
    """Return the job's sources that Kaggle itself must have.

    None where the project cannot be read: its own check says why.
    """
    from dataclasses import replace

    from kitctl.domain.metadata import Sources
    from kitctl.operations.shared.read_project import read_project

    try:
        sources = read_project(context.project).inspection.metadata.sources
    except InvalidInput:
        return Sources()
    if not context.config.local:
        return sources
    # A push to the local Kaggle brings along what stands for these.
    needed = tuple(name for name in sources.datasets if name not in context.config.sources)
    return replace(sources, datasets=needed)
