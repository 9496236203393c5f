"""`kitctl sweep`."""

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
    command(app, "sweep")(sweep)


def sweep(
    invocation: Invocation,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=V1,V2", help="A setting and its values; may be repeated."
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data", metavar="SLUG=DIR", help="A folder that stands for a Kaggle source."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where; default: results/<slug>/sweep/."),
    ] = None,
    push: Annotated[bool, typer.Option("--push", help="Sweep on Kaggle.")] = False,
    local: LocalOption = None,
) -> CommandResult:
    """Train many heads on one feature store, in one session.

    Every combination of the values is trained; the table is sorted by validation loss. Stopped
    and called again, a sweep goes on.
    """
    from kitctl.operations.sweep import settings_for

    overrides = settings_for(grid or [])
    if push or local:
        if data or out:
            raise UsageError(
                "A pushed sweep uses the job's own data: leave out --data and --out.",
                hint=NextCommand("sweep", "--push --set KEY=V1,V2"),
            )
        return _pushed(invocation, overrides, local)
    return _here(invocation, overrides, data or [], out)


def _here(
    invocation: Invocation, overrides: dict[str, Any], data: list[str], out: Path | None
) -> CommandResult:
    from kitctl.operations.shared import prepare_sources
    from kitctl.operations.shared.plan_job import plan_job
    from kitctl.operations.sweep import sweep as train
    from kitctl.render.sweep import draw_sweep
    from kitctl.sandbox import runner

    configured = invocation.settings()
    plan = plan_job(invocation.project, overrides=overrides, accelerator=configured.accelerator)
    stand_ins = prepare_sources.stand_ins(
        invocation.project, plan.metadata.sources, configured.sources, data
    )
    result = train(
        plan,
        prepare_sources.prepare(stand_ins, invocation.console),
        out=out or invocation.project / configured.results / plan.metadata.slug / "sweep",
        runner=runner.start,
        reporter=invocation.console,
    )
    return CommandResult(result, draw_sweep)


def _pushed(invocation: Invocation, overrides: dict[str, Any], local: bool | None) -> CommandResult:
    from kitctl.cli.sending import send
    from kitctl.operations.shared.plan_job import plan_job

    chosen = invocation.settings(local=local)
    plan = plan_job(invocation.project, overrides=overrides, accelerator=chosen.accelerator)
    return send(invocation, plan, local=chosen.local)
