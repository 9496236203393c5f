"""`kitctl doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from kitctl.cli.connection import LocalOption, open_road, settings_for
from kitctl.cli.frame import command
from kitctl.cli.invocation import Invocation
from kitctl.errors import NextCommand
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.domain.metadata import Sources
    from kitctl.ports import Kaggle

# Seconds: a doctor that waits for a dead network for minutes helps nobody.
PATIENCE_SECONDS = 8.0


def register(app: typer.Typer) -> None:
    command(app, "doctor")(doctor)


def doctor(invocation: Invocation, local: LocalOption = None) -> CommandResult:
    """Say what is missing before it costs anything."""
    from kitctl.errors import InvalidInput, Refused
    from kitctl.operations import doctor, doctor_kaggle
    from kitctl.render.doctor import draw_diagnosis
    from kitctl.sandbox import runner

    diagnosis = doctor.Diagnosis(
        (
            *doctor.machine(runner.isolation(), Path.cwd()),
            *doctor.project(lambda: invocation.project, invocation.settings),
            *doctor_kaggle.kaggle(lambda: _reach(invocation, local), _sources(invocation, local)),
        )
    )
    if not diagnosis.wrong:
        return CommandResult(diagnosis, draw_diagnosis)
    names = [check.name for check in diagnosis.wrong]
    # All of the project's own doing is well: only the account stands in the way.
    kind = Refused if names == ["credentials"] else InvalidInput
    return CommandResult(
        diagnosis,
        draw_diagnosis,
        kind(
            f"Something is missing: {', '.join(names)}.",
            code="doctor",
            hint=("Do what stands beside each, then: ", NextCommand("doctor")),
        ),
    )


@contextmanager
def _reach(invocation: Invocation, local: bool | None) -> Iterator[Kaggle]:
    settings = settings_for(invocation, local)
    with open_road(invocation, local=settings.local, total_seconds=PATIENCE_SECONDS) as road:
        yield road.kaggle


def _sources(invocation: Invocation, local: bool | None) -> Sources:
    """The job's sources that Kaggle itself must have; none where there is no project."""
    from dataclasses import replace

    from kitctl.domain.metadata import Sources
    from kitctl.errors import InvalidInput
    from kitctl.operations.shared import read_project

    try:
        sources = read_project.read_project(invocation.project).inspection.metadata.sources
    except InvalidInput:
        return Sources()
    settings = settings_for(invocation, local)
    if not settings.local:
        return sources
    # A push to the local Kaggle brings along what stands for these.
    needed = tuple(name for name in sources.datasets if name not in settings.sources)
    return replace(sources, datasets=needed)
