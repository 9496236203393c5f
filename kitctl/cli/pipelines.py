"""`kitctl pipelines`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kitctl.cli import push_options as option
from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import LocalOption
from kitctl.config import expand_user
from kitctl.errors import NextCommand, UsageError
from kitctl.render.output import CommandResult


@command(
    "pipelines", examples=["kitctl pipelines", "kitctl pipelines --data photos --read-delay 5"]
)
def pipelines(
    context: CommandContext,
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", metavar="DIR", help="A folder of photos; default: the job's own, as here."
        ),
    ] = None,
    read_delay: Annotated[
        float,
        typer.Option(
            "--read-delay", metavar="MS", min=0, help="Delay each read, as distant storage does."
        ),
    ] = 0.0,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where; default: results/<slug>/pipelines/."),
    ] = None,
    push: Annotated[
        bool, typer.Option("--push", help="Measure on Kaggle, in a session without GPU.")
    ] = False,
    timeout: option.Timeout = None,
    when_free: option.WhenFree = False,
    name: option.Name = "",
    message: option.Message = "",
    replace: option.Replace = False,
    again: option.Again = False,
    force: option.Force = False,
    local: LocalOption = None,
) -> CommandResult:
    """Measure the named input pipelines and draw their timelines.

    Photos a second in the first epoch and in the second, which a cache serves; memory; and
    pictures of when each stage opened, read, mapped, waited and trained.

    --timeout, --when-free, --name, --message, --replace, --again and --force do for --push what
    they do for push.
    """
    from kitctl.operations.pipelines import require_training_job

    require_training_job(context.project)
    if not (push or local):
        if any((timeout, when_free, name, message, replace, again, force)):
            raise UsageError(
                "Without --push nothing is sent, so the options of a push have no effect.",
                hint=NextCommand("pipelines", "--push", without=("data", "out")),
            )
        return _measure_here(context, data, read_delay, out)
    if data or out:
        raise UsageError(
            "--push measures the job's own data on Kaggle: leave out --data and --out.",
            hint=NextCommand("pipelines", "--push", without=("data", "out")),
        )
    from kitctl.cli.send import pushed_result, send, timeout_seconds
    from kitctl.domain.quota.reasons_to_wait import ALL_REASONS
    from kitctl.operations.pipelines import pipelines_settings
    from kitctl.operations.planning.plan_job import plan_job
    from kitctl.operations.push import PushOptions
    from kitctl.operations.sending.run_note import check_note

    config = context.configure(timeout=timeout, local=local)
    settings = pipelines_settings(None, read_delay)
    plan = plan_job(context.project, overrides=settings, accelerator="cpu")
    options = PushOptions(
        plan=plan,
        timeout_seconds=timeout_seconds(config.timeout, plan.metadata.pool),
        force=force,
        again=again,
        replace=replace,
        name=check_note("--name", name),
        message=check_note("--message", message),
    )
    return pushed_result(send(context, options, waits_for=ALL_REASONS if when_free else ()))


def _measure_here(
    context: CommandContext, data: Path | None, read_delay: float, out: Path | None
) -> CommandResult:
    from kitctl.operations import pipelines
    from kitctl.operations.local_runs.prepare_run import prepare_run
    from kitctl.operations.local_runs.prepare_sources import prepare
    from kitctl.operations.planning.plan_job import plan_job
    from kitctl.render.pipelines import draw_measurement
    from kitctl.sandbox import runner

    if data is None:
        settings = pipelines.pipelines_settings(None, read_delay)
        plan, mounts = prepare_run(
            context.project, context.config, context.console, overrides=settings
        )
    else:
        mounts = prepare([pipelines.photos_source(expand_user(data).absolute())], context.console)
        settings = pipelines.pipelines_settings(next(iter(mounts.values())), read_delay)
        plan = plan_job(context.project, overrides=settings)
    result = pipelines.measure(
        plan,
        mounts,
        out=out or context.results_folder(plan.metadata.slug, "pipelines"),
        runner=runner.start,
        reporter=context.console,
    )
    return CommandResult(result, draw_measurement)
