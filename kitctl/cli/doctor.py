"""`kitctl doctor`."""

from __future__ import annotations

from pathlib import Path

import typer

from kitctl.cli.frame import command
from kitctl.cli.invocation import Invocation
from kitctl.render.output import Answer


def register(app: typer.Typer) -> None:
    command(app, "doctor")(doctor)


def doctor(invocation: Invocation) -> Answer:
    """Say what is missing before it costs anything."""
    from kitctl.errors import InvalidInput
    from kitctl.local import runner
    from kitctl.operations import doctor
    from kitctl.render.doctor import draw_diagnosis

    diagnosis = doctor.Diagnosis(
        (
            *doctor.machine(runner.isolation(), Path.cwd()),
            *doctor.project(lambda: invocation.project, invocation.settings),
        )
    )
    if not diagnosis.wrong:
        return Answer(diagnosis, draw_diagnosis)
    names = ", ".join(check.name for check in diagnosis.wrong)
    return Answer(
        diagnosis,
        draw_diagnosis,
        InvalidInput(
            f"Something is missing: {names}.",
            code="doctor",
            hint="Do what stands beside each, then: kitctl doctor",
        ),
    )
