"""`kitctl sweep`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import DataOption, LocalOption
from kitctl.errors import NextCommand, UsageError
from kitctl.render.output import CommandResult


@command("sweep")
def sweep(
    context: CommandContext,
    *,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=V1,V2", help="A setting and its values; may be repeated."
        ),
    ] = None,
    data: DataOption = None,
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
    from kitctl.operations.sweep import sweep_settings

    overrides = sweep_settings(grid or [])
    if not (push or local):
        return _run_here(context, overrides, data or [], out)
    if data or out:
        raise UsageError(
            "A pushed sweep uses the job's own data: leave out --data and --out.",
            hint=NextCommand("sweep", "--push --set KEY=V1,V2"),
        )
    return _push(context, overrides, local)


def _run_here(
    context: CommandContext, overrides: dict[str, Any], data: list[str], out: Path | None
) -> CommandResult:
    from kitctl.operations.local_runs.prepare_run import prepare_run
    from kitctl.operations.sweep import sweep
    from kitctl.render.sweep import draw_sweep
    from kitctl.sandbox import runner

    plan, mounts = prepare_run(
        context.project, context.config, context.console, overrides=overrides, data=data
    )
    result = sweep(
        plan,
        mounts,
        out=out or context.results_folder(plan.metadata.slug, "sweep"),
        runner=runner.start,
        reporter=context.console,
    )
    return CommandResult(result, draw_sweep)


def _push(context: CommandContext, overrides: dict[str, Any], local: bool | None) -> CommandResult:
    from kitctl.cli.send import pushed_result, send
    from kitctl.operations.planning.plan_job import plan_job
    from kitctl.operations.push import PushOptions

    config = context.configure(local=local)
    plan = plan_job(context.project, overrides=overrides, accelerator=config.accelerator)
    return pushed_result(send(context, PushOptions(plan=plan)))
