"""`kitctl sweep`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.notify import NotifyOption, require_notifiable
from kitctl.cli.options import DataOption, LocalOption, whole_folder
from kitctl.errors import NextCommand, UsageError
from kitctl.render.output import CommandResult


class Mode(StrEnum):
    """Which value of a metric is the best."""

    MIN = "min"
    MAX = "max"


class Sampler(StrEnum):
    """How Optuna chooses values."""

    GRID = "grid"
    RANDOM = "random"
    TPE = "tpe"


class Pruner(StrEnum):
    """How Optuna judges that a trial is behind."""

    MEDIAN = "median"
    HALVING = "halving"
    NONE = "none"


@command(
    "sweep",
    examples=[
        "kitctl sweep --set units=6,32",
        "kitctl sweep --push --metric val_loss --set lr=1e-4,1e-3,1e-2 -- --lr {lr}",
    ],
    takes_script_arguments=True,
)
def sweep(
    context: CommandContext,
    *,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=V1,V2",
            help="A parameter and its values, or a range: lr=1e-5..1e-1:log; may be repeated.",
        ),
    ] = None,
    data: DataOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where; default: results/<slug>/sweep/."),
    ] = None,
    push: Annotated[bool, typer.Option("--push", help="Sweep on Kaggle.")] = False,
    trials: Annotated[
        int | None, typer.Option("--trials", metavar="N", help="At most N trials, a run each.")
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option("--metric", metavar="NAME", help="What the runs print, such as val_loss."),
    ] = None,
    mode: Annotated[
        Mode | None, typer.Option("--mode", help="Which value is best; default: by the name.")
    ] = None,
    hours: Annotated[
        float | None,
        typer.Option("--hours", metavar="H", help="All trials together take at most H hours."),
    ] = None,
    sampler: Annotated[
        Sampler | None,
        typer.Option("--sampler", help="How values are chosen; default: grid for lists, else tpe."),
    ] = None,
    pruner: Annotated[
        Pruner | None,
        typer.Option("--pruner", help="How trials that are behind are stopped; default: median."),
    ] = None,
    per_session: Annotated[
        int | None,
        typer.Option(
            "--per-session",
            min=1,
            metavar="N",
            help="N short trials in each session, one after the other; default: several where a"
            " session is waited for longer than a trial takes.",
        ),
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option("--env", metavar="KEY=VALUE", help="A variable of the runs, such as LR={lr}."),
    ] = None,
    accelerator: Annotated[
        str | None,
        typer.Option("--accelerator", metavar="NAME", help="As push takes it."),
    ] = None,
    timeout: Annotated[
        str | None,
        typer.Option("--timeout", metavar="2h", help="End each run after so long at most."),
    ] = None,
    notify: NotifyOption = None,
    only_plan: Annotated[
        bool, typer.Option("--plan", help="Print how it would search; send nothing.")
    ] = False,
    local: LocalOption = None,
) -> CommandResult:
    """Search for the best settings: many heads in one session, or a run for each trial.

    A job with heads trains them on one feature store: every combination of the values, or --trials
    N of them. Any other job, or --metric, makes each trial a run: at most two GPU sessions at once,
    stopped early when it is behind; short trials share a session. Stopped and called again, a sweep
    goes on.
    """
    from kitctl.domain.job.metadata import require_no_problems
    from kitctl.operations.project.read_project import read_project

    config = context.configure(local=local, accelerator=accelerator, timeout=timeout, notify=notify)
    files = read_project(context.project)
    is_by_run = (
        any(option is not None for option in (metric, mode, hours, pruner, per_session, notify))
        or sampler is Sampler.TPE
        or bool(env or context.script_arguments or only_plan)
    )
    if files.modules and not is_by_run:
        overrides = _heads(grid or [], trials, sampler)
        return _sweep_heads(context, overrides, data or [], out, push=push or bool(local))
    if data:
        raise UsageError(
            "Trials are runs on Kaggle, with the job's own data: leave out --data.",
            hint=NextCommand("sweep", "--push --set KEY=V1,V2"),
        )
    from kitctl.cli.trials import TrialOptions, sweep_by_trials

    require_notifiable(context)
    require_no_problems(files.problems)
    return sweep_by_trials(
        context,
        TrialOptions(
            values=grid or [],
            env=env or [],
            trials=trials,
            metric=metric,
            mode=mode and mode.value,
            hours=hours,
            sampler=sampler and sampler.value,
            pruner=(pruner or Pruner.MEDIAN).value,
            per_session=per_session,
            out=out,
            is_sent=push or config.local,
            only_plan=only_plan,
        ),
        files,
    )


def _heads(values: list[str], trials: int | None, sampler: Sampler | None) -> dict[str, Any]:
    """Return the settings of a job that trains a head for each combination, all or some."""
    from kitctl.domain.runs.search_space import grid_size
    from kitctl.operations.planning.trial_template import has_range, trial_template
    from kitctl.operations.sweep import sampled_sweep_settings, sweep_settings

    if trials is None and sampler is not Sampler.RANDOM and not has_range(values):
        return sweep_settings(values)
    space = trial_template(values, (), {}).space
    size = grid_size(space)
    count = size if trials is None or sampler is Sampler.GRID else trials
    if count is None or count <= 0:
        raise UsageError(
            "A sweep over a range needs the number of heads.",
            hint=NextCommand("sweep", "--trials 32"),
        )
    from kitctl.adapters.optuna_choices import sample_values

    return sampled_sweep_settings(space, sample_values(space, count))


def _sweep_heads(
    context: CommandContext,
    overrides: dict[str, Any],
    data: list[str],
    out: Path | None,
    *,
    push: bool,
) -> CommandResult:
    """Train a head for every combination of the values, in one session here or on Kaggle."""
    if not push:
        return _run_here(context, overrides, data, out)
    if data or out:
        raise UsageError(
            "A pushed sweep uses the job's own data: leave out --data and --out.",
            hint=NextCommand("sweep", "--push --set KEY=V1,V2"),
        )
    return _push(context, overrides)


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
        out=whole_folder(out) if out else context.results_folder(plan.metadata.slug, "sweep"),
        runner=runner.start,
        reporter=context.console,
    )
    return CommandResult(result, draw_sweep)


def _push(context: CommandContext, overrides: dict[str, Any]) -> CommandResult:
    from kitctl.cli.send import pushed_result, send, timeout_seconds
    from kitctl.operations.planning.plan_job import plan_job
    from kitctl.operations.push import PushOptions

    config = context.config
    plan = plan_job(context.project, overrides=overrides, accelerator=config.accelerator)
    seconds = timeout_seconds(config.timeout, plan.metadata.pool)
    return pushed_result(send(context, PushOptions(plan=plan, timeout_seconds=seconds)))
