"""`kitctl doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import LocalOption
from kitctl.errors import InvalidInput, NetworkFailed, NextCommand, Refused
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.domain.job.metadata import Sources

# Seconds for all tries of one request: nobody waits minutes to hear that the network is down.
REQUEST_SECONDS = 8.0


@command("doctor", examples=["kitctl doctor", "kitctl doctor --local"])
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
    owner, sources = _owner_and_sources(context)
    diagnosis = doctor.Diagnosis(
        (
            *doctor.check_machine(runner.isolation(), Path.cwd()),
            *project_checks,
            *doctor.check_kaggle(lambda: context.connect(REQUEST_SECONDS), sources, owner),
        )
    )
    if not diagnosis.failed:
        return CommandResult(diagnosis, draw_diagnosis)
    names = [check.name for check in diagnosis.failed]
    # A push would end so too, where the project itself is all right.
    kinds = {"credentials": Refused, "network": NetworkFailed}
    kind = kinds.get(names[0], InvalidInput) if len(names) == 1 else InvalidInput
    failure = kind(
        f"Something is missing: {', '.join(names)}.",
        code="doctor",
        hint=("Do what stands beside each, then: ", NextCommand("doctor")),
    )
    return CommandResult(diagnosis, draw_diagnosis, failure)


def _owner_and_sources(context: CommandContext) -> tuple[str, Sources]:
    """Return the account in the job's id, and the job's sources that Kaggle itself must have.

    Nothing where the project cannot be read: its own check says why.
    """
    from kitctl.domain.job.metadata import Sources
    from kitctl.operations.project.read_project import read_project

    try:
        metadata = read_project(context.project).inspection.metadata
    except InvalidInput:
        return "", Sources()
    if not context.config.local:
        return metadata.owner, metadata.sources
    # The local Kaggle takes any owner, and a push to it brings along what stands for these.
    return "", metadata.sources.without(context.config.sources)
