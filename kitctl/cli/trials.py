"""`sweep` of any job: trials that are runs of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kitctl.cli.context import CommandContext, searches
from kitctl.cli.notify import notified_of_stop, notify_of
from kitctl.cli.send import send, timeout_seconds
from kitctl.domain.job.accelerators import QUEUED_AT_ONCE, SESSION_LIMIT_SECONDS
from kitctl.domain.results.metrics import lower_is_better
from kitctl.domain.runs.search_space import Choice, grid_size
from kitctl.domain.runs.trials import SweepLimits, Trial, sweep_id
from kitctl.errors import Hint, NextCommand, Refused, UsageError
from kitctl.operations.planning.launch_options import check_arguments, parse_environment
from kitctl.operations.planning.swept_job import SweptJob, swept_job
from kitctl.operations.planning.trial_template import TrialTemplate, trial_template
from kitctl.operations.push import PushOptions
from kitctl.operations.sending.job_kernel import find_job_kernel
from kitctl.operations.trials.run_trials import run_trials
from kitctl.operations.trials.sweep_runs import Sweep, SweepPorts
from kitctl.operations.trials.under_way import trial_names
from kitctl.render.output import CommandResult
from kitctl.render.trials import SweepPlan, draw_sweep_plan, draw_trials, ranked, summary

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
    per_session: int | None
    out: Path | None
    is_sent: bool
    only_plan: bool


def sweep_by_trials(
    context: CommandContext, options: TrialOptions, files: Project
) -> CommandResult:
    """Search for the best values by runs of the job, or show how that would be done."""
    job = swept_job(
        context.project,
        files,
        trial_template(
            options.values,
            check_arguments(context.script_arguments),
            parse_environment(options.env),
        ),
        context.config.accelerator,
    )
    search = _sweep_plan(context, job, options)
    if options.only_plan:
        sends = NextCommand("sweep", "--push", "sends it", without=("only_plan",))
        return CommandResult(search, draw_sweep_plan, hint=sends)
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
    result = _run(context, job, search)
    out = options.out or context.results_folder(job.plan.metadata.slug, "sweep")
    return _shown(_with_files(result, out))


def _sweep_plan(context: CommandContext, job: SweptJob, options: TrialOptions) -> SweepPlan:
    """Return what is searched for, how, and within which limits.

    Raises UsageError where the metric, or a limit of the search, is missing.
    """
    metadata, space = job.plan.metadata, job.template.space
    metric = options.metric or (JOB_METRIC if job.plan.is_job else "")
    if not metric:
        raise UsageError(
            "A sweep needs the name of the metric that the script prints.",
            hint=NextCommand("sweep", "--metric val_loss"),
        )
    mode = options.mode or ("min" if lower_is_better(metric) else "max")
    sampler = options.sampler or _usual_sampler(job.template, options)
    limits = _limits(context, job, options, sampler)
    return SweepPlan(space, metric, mode, sampler, options.pruner, limits, metadata.id)


def _run(context: CommandContext, job: SweptJob, search: SweepPlan) -> TrialsResult:
    """Push and watch the trials until the search ends, or goes on another time."""
    from kitctl.adapters.optuna_search import open_search

    kernel = find_job_kernel(job.plan.metadata, context.client, context.ledger).kernel
    name = sweep_id(job.plan.script_sha256, search.space, search.metric, search.mode)
    sweep = Sweep(
        name=name,
        kernel=kernel,
        space=search.space,
        metric=search.metric,
        mode=search.mode,
        sampler=search.sampler,
        limits=search.limits,
    )
    warned: set[str] = set()

    def push(trials: Sequence[Trial], seconds: int) -> Run:
        options = PushOptions(
            plan=job.plan_of(name, trials),
            timeout_seconds=seconds,
            name=trial_names([trial.number for trial in trials]),
        )
        return _push_trials(context, options, warned)

    ports = SweepPorts(context.client, context.ledger, context.clock, context.console)
    file = searches(context.client.service) / f"{kernel.owner}.{kernel.slug}-{name}.sqlite"
    with (
        open_search(
            file,
            search.space,
            mode=search.mode,
            sampler=search.sampler,
            pruner=search.pruner,
        ) as opened,
        notified_of_stop(context, f"{kernel}: the sweep"),
    ):
        result = run_trials(sweep, opened, push, ports)
    notify_of(context, f"{kernel}: {summary(result)}", {"run": str(kernel), "sweep": name})
    return result


def _push_trials(context: CommandContext, options: PushOptions, warned: set[str]) -> Run:
    try:
        pushed = send(context, options, warned=warned)
    except Refused as refused:
        # The hints of a single push would push something else.
        refused.hint = NextCommand("sweep", note="goes on, once that is settled")
        raise
    return pushed.run


def _usual_sampler(template: TrialTemplate, options: TrialOptions) -> str:
    """Return "grid" where every value is listed and there is a trial for each, else "tpe"."""
    is_listed = all(isinstance(each, Choice) for each in template.space.values())
    size = grid_size(template.space)
    fits = size is not None and (options.trials is None or options.trials >= size)
    return "grid" if is_listed and fits else "tpe"


def _limits(
    context: CommandContext, job: SweptJob, options: TrialOptions, sampler: str
) -> SweepLimits:
    trials, size = options.trials, grid_size(job.template.space)
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
    given = [value for value in (trials, options.hours) if value is not None]
    if not all(0 < value < math.inf for value in given):
        raise UsageError(
            "A sweep needs at least one trial and some hours.",
            hint=NextCommand("sweep", "--trials 20 --hours 10"),
        )
    if (options.per_session or 1) > 1 and not job.can_share_a_session:
        raise UsageError(
            "A notebook, or a job whose settings vary, needs a session for each trial: leave out"
            " --per-session.",
            hint=NextCommand("sweep", "--trials 20", without=("per_session",)),
        )
    seconds = None if options.hours is None else options.hours * 3600
    pool = job.plan.metadata.pool
    session = timeout_seconds(context.config.timeout, pool) or SESSION_LIMIT_SECONDS[pool]
    return SweepLimits(
        session_seconds=session if seconds is None else min(session, math.floor(seconds)),
        at_once=QUEUED_AT_ONCE[pool],
        trials=trials,
        seconds=seconds,
        per_session=options.per_session if job.can_share_a_session else 1,
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
    best = [each for each in ranked(result) if each.trial.value is not None and each.run]
    versions = [each.run.version for each in best if each.run]
    if not versions or versions[0] is None:
        return CommandResult(result, draw_trials, result.failure)
    only = f" --only '{best[0].files}'" if best[0].files else ""
    hint: Hint = NextCommand("pull-results", f"{versions[0]}{only}", "the best trial")
    if len(versions) > 1 and not any(each.files for each in best[:2]):
        both = f"{versions[0]} {versions[1]}"
        hint = (hint, " | ", NextCommand("compare", both, "when both are pulled"))
    return CommandResult(result, draw_trials, result.failure, hint)
