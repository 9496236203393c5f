"""`sweep` of any job: trials that are runs of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kitctl.cli.context import CommandContext, searches
from kitctl.cli.send import send, timeout_seconds
from kitctl.domain.job.accelerators import SESSION_LIMIT_SECONDS
from kitctl.domain.results.metrics import lower_is_better
from kitctl.domain.runs.search_space import Choice, grid_size
from kitctl.domain.runs.trials import (
    TRIAL_VARIABLE,
    TRIALS_AT_ONCE,
    SweepLimits,
    Trial,
    TrialId,
    sweep_id,
)
from kitctl.errors import Hint, InvalidInput, NextCommand, Refused, UsageError
from kitctl.operations.planning.launch_options import check_arguments, parse_environment
from kitctl.operations.planning.plan_job import plan_job
from kitctl.operations.planning.trial_template import TrialTemplate, trial_template
from kitctl.operations.push import PushOptions
from kitctl.operations.sending.job_kernel import find_job_kernel
from kitctl.operations.trials.run_trials import run_trials
from kitctl.operations.trials.sweep_runs import Sweep, SweepPorts
from kitctl.render.output import CommandResult
from kitctl.render.trials import SweepPlan, draw_sweep_plan, draw_trials, ranked

if TYPE_CHECKING:
    from kitctl.domain.runs.run import Run
    from kitctl.operations.project.read_project import Project
    from kitctl.operations.trials.sweep_result import TrialsResult

JOB_METRIC = "val_loss"
TABLE, PICTURE = "trials.csv", "trials.png"


@dataclass(frozen=True, kw_only=True)
class TrialOptions:
    """How trials are chosen, pushed and stopped; None is what was not given."""

    values: Sequence[str]
    env: Sequence[str]
    trials: int | None
    metric: str | None
    mode: str | None
    hours: float | None
    sampler: str | None
    pruner: str
    out: Path | None
    is_sent: bool
    only_plan: bool


def sweep_by_trials(
    context: CommandContext, options: TrialOptions, files: Project
) -> CommandResult:
    """Search for the best values by runs of the job, or show how that would be done."""
    template = trial_template(
        options.values, check_arguments(context.script_arguments), parse_environment(options.env)
    )
    plan_with = partial(
        plan_job, context.project, accelerator=context.config.accelerator, files=files
    )
    _require_taker(template, files)
    # The job without values: what a sweep is known by.
    plan = plan_with(arguments=template.arguments, environment=template.environment)
    metric = options.metric or (JOB_METRIC if plan.is_job else "")
    if not metric:
        raise UsageError(
            "A sweep needs the name of the metric that the script prints.",
            hint=NextCommand("sweep", "--metric val_loss"),
        )
    mode = options.mode or ("min" if lower_is_better(metric) else "max")
    sampler = options.sampler or _usual_sampler(template, options)
    limits = _limits(context, template, options, sampler, plan.metadata.pool)
    name = sweep_id(plan.script_sha256, template.space, metric, mode)
    if options.only_plan:
        shown = SweepPlan(
            template.space, metric, mode, sampler, options.pruner, limits, plan.metadata.id
        )
        return CommandResult(shown, draw_sweep_plan)
    if not options.is_sent:
        raise UsageError(
            "The trials of this sweep are runs of their own, on Kaggle: say so.",
            hint=(
                NextCommand("sweep", "--push"),
                "   (or try it on this machine: ",
                NextCommand("sweep", "--local"),
                ")",
            ),
        )
    kernel = find_job_kernel(plan.metadata, context.client, context.ledger).kernel
    sweep = Sweep(
        name=name,
        kernel=kernel,
        space=template.space,
        metric=metric,
        mode=mode,
        sampler=sampler,
        limits=limits,
    )
    warned: set[str] = set()

    def push(trial: Trial, seconds: int) -> Run:
        variable = TrialId(name, trial.number).variable
        planned = plan_with(
            overrides=template.settings_of(trial.values),
            arguments=template.arguments_of(trial.values),
            environment={**template.environment_of(trial.values), TRIAL_VARIABLE: variable},
        )
        pushed = PushOptions(
            plan=replace(planned, git=plan.git),
            timeout_seconds=seconds,
            name=f"trial {trial.number}",
        )
        return _push_trial(context, pushed, warned)

    from kitctl.adapters.optuna_search import open_search

    file = searches(context.client.service) / f"{kernel.owner}.{kernel.slug}-{name}.sqlite"
    with open_search(
        file, template.space, mode=mode, sampler=sampler, pruner=options.pruner
    ) as search:
        ports = SweepPorts(context.client, context.ledger, context.clock, context.console)
        result = run_trials(sweep, search, push, ports)
    out = options.out or context.results_folder(plan.metadata.slug, "sweep")
    return _shown(_with_files(result, out))


def _push_trial(context: CommandContext, options: PushOptions, warned: set[str]) -> Run:
    try:
        pushed = send(context, options, warned=warned)
    except Refused as refused:
        # The hints of a single push would push something else.
        refused.hint = NextCommand("sweep", note="goes on, once that is settled")
        raise
    return pushed.run


def _require_taker(template: TrialTemplate, files: Project) -> None:
    """Raise InvalidInput where a parameter reaches the script in no way."""
    takes_settings = files.modules or files.inspection.metadata.kernel_type == "notebook"
    if takes_settings or not template.settings:
        return
    name = template.settings[0]
    raise InvalidInput(
        f"The script has no settings, so that nothing takes {name}.",
        code="settings",
        hint=f"Write {{{name}}} among its arguments or variables, such as: -- --{name} {{{name}}}"
        f"   or   --env {name.upper()}={{{name}}}",
    )


def _usual_sampler(template: TrialTemplate, options: TrialOptions) -> str:
    """Return "grid" where every value is listed and there is a trial for each, else "tpe"."""
    is_listed = all(isinstance(each, Choice) for each in template.space.values())
    size = grid_size(template.space)
    fits = size is not None and (options.trials is None or options.trials >= size)
    return "grid" if is_listed and fits else "tpe"


def _limits(
    context: CommandContext,
    template: TrialTemplate,
    options: TrialOptions,
    sampler: str,
    pool: str,
) -> SweepLimits:
    trials, size = options.trials, grid_size(template.space)
    if sampler == "grid":
        if size is None:
            raise UsageError(
                "A grid needs lists of values, or ranges with a step.",
                hint="For example: --set lr=1e-4,1e-3 --set dropout=0.0..0.5:0.1",
            )
        trials = size if trials is None else min(size, trials)
    if trials is None and options.hours is None:
        raise UsageError(
            "A search without --trials or --hours would never end.",
            hint=NextCommand("sweep", "--trials 20 --hours 10"),
        )
    if any(given is not None and given <= 0 for given in (trials, options.hours)):
        raise UsageError(
            "A sweep needs at least one trial and some hours.",
            hint=NextCommand("sweep", "--trials 20 --hours 10"),
        )
    seconds = None if options.hours is None else options.hours * 3600
    session = timeout_seconds(context.config.timeout, pool) or SESSION_LIMIT_SECONDS[pool]
    return SweepLimits(
        session_seconds=session if seconds is None else min(session, math.floor(seconds)),
        at_once=TRIALS_AT_ONCE[pool],
        trials=trials,
        seconds=seconds,
    )


def _with_files(result: TrialsResult, out: Path) -> TrialsResult:
    """Write the table of the trials and draw them; return the result with both files."""
    if not result.tried:
        return result
    from kitctl.render.trials_files import plot_trials, write_trials

    table, picture = out / TABLE, out / PICTURE
    write_trials(result, table)
    plotted = plot_trials(result, picture)
    return replace(result, out=out, table=table, picture=picture if plotted else None)


def _shown(result: TrialsResult) -> CommandResult:
    best = [
        each.run.version for each in ranked(result) if each.trial.value is not None and each.run
    ]
    if not best or best[0] is None:
        return CommandResult(result, draw_trials, result.failure)
    hint: Hint = NextCommand("pull-results", f"{best[0]}", "the best trial")
    if len(best) > 1:
        versions = f"{best[0]} {best[1]}"
        hint = (hint, " | ", NextCommand("compare", versions, "when both are pulled"))
    return CommandResult(result, draw_trials, result.failure, hint)
