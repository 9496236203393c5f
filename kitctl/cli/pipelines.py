"""`kitctl pipelines`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kitctl.cli.connection import LocalOption
from kitctl.cli.frame import command
from kitctl.cli.invocation import Invocation
from kitctl.errors import NextCommand, UsageError
from kitctl.render.output import CommandResult


def register(app: typer.Typer) -> None:
    command(app, "pipelines")(pipelines)


def pipelines(
    invocation: Invocation,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", metavar="DIR", help="A folder of photos; default: the job's own, as here."
        ),
    ] = None,
    read_delay: Annotated[
        float,
        typer.Option(
            "--read-delay", min=0, metavar="MS", help="Delay each read, as far storage does."
        ),
    ] = 0.0,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where; default: results/<slug>/pipelines/."),
    ] = None,
    push: Annotated[
        bool, typer.Option("--push", help="Measure on Kaggle, in a session without GPU.")
    ] = False,
    local: LocalOption = None,
) -> CommandResult:
    """Measure the named input pipelines and draw their timelines.

    Photos a second in the first epoch and in the second, which a cache serves; memory; and
    pictures of who opened, read, mapped, waited and trained when.
    """
    from kitctl.operations import pipelines
    from kitctl.operations.shared import prepare_sources

    if push and (data or out):
        raise UsageError(
            "--push measures the job's own data on Kaggle: leave out --data and --out.",
            hint=NextCommand("pipelines", "--push"),
        )
    mounts: dict[str, Path] = {}
    if data:
        given = pipelines.given(data.expanduser().absolute())
        mounts = prepare_sources.prepare([given], invocation.console)
    settings = pipelines.settings_for(next(iter(mounts.values()), None), read_delay)
    if push:
        return _pushed(invocation, settings, local)
    return _measured(invocation, settings, mounts, out)


def _measured(
    invocation: Invocation, settings: dict[str, Any], mounts: dict[str, Path], out: Path | None
) -> CommandResult:
    from kitctl.operations import pipelines
    from kitctl.operations.shared import prepare_sources
    from kitctl.operations.shared.plan_job import plan_job
    from kitctl.render.pipelines import draw_measurement
    from kitctl.sandbox import runner

    configured = invocation.settings()
    plan = plan_job(invocation.project, overrides=settings)
    if not mounts:
        stand_ins = prepare_sources.stand_ins(
            invocation.project, plan.metadata.sources, configured.sources, []
        )
        mounts = prepare_sources.prepare(stand_ins, invocation.console)
    result = pipelines.measure(
        plan,
        mounts,
        out=out or invocation.project / configured.results / plan.metadata.slug / "pipelines",
        runner=runner.start,
        reporter=invocation.console,
    )
    return CommandResult(result, draw_measurement)


def _pushed(invocation: Invocation, settings: dict[str, Any], local: bool | None) -> CommandResult:
    from kitctl.cli.sending import send
    from kitctl.operations.shared.plan_job import plan_job

    chosen = invocation.settings(local=local)
    plan = plan_job(invocation.project, overrides=settings, accelerator="cpu")
    return send(invocation, plan, local=chosen.local)
