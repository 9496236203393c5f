"""`kitctl push`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from kitctl.cli import push_options as option
from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.notify import NotifyOption, notify_of_end, require_notifiable
from kitctl.cli.options import EnvOption, LocalOption, SetOption
from kitctl.errors import NextCommand
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.domain.runs.resume import Resume
    from kitctl.operations.push import PushOptions, PushResult
    from kitctl.operations.watching.find_run import TargetRun


@command(
    "push",
    examples=[
        "kitctl push --accelerator t4x2 --follow",
        "kitctl push --plan",
        "kitctl push --until-done --hours 20 -- --lr 0.1",
    ],
    takes_script_arguments=True,
)
def push(
    context: CommandContext,
    *,
    accelerator: option.Accelerator = None,
    timeout: option.Timeout = None,
    settings: SetOption = None,
    data: option.PushedData = None,
    when_free: option.WhenFree = False,
    env: EnvOption = None,
    follow: option.Follow = False,
    open_it: option.Open = False,
    only_plan: option.Plan = False,
    no_run: option.NoRun = False,
    name: option.Name = "",
    message: option.Message = "",
    replace: option.Replace = False,
    again: option.Again = False,
    force: option.Force = False,
    until_done: option.UntilDone = False,
    sessions: option.Sessions = None,
    hours: option.Hours = None,
    resume: option.Resume = None,
    shards: option.Shards = None,
    reuse_features: option.ReuseFeatures = None,
    notify: NotifyOption = None,
    local: LocalOption = None,
) -> CommandResult:
    """Package, check, guard and start a run on Kaggle.

    Refused where this very script ran already, where a run of this kernel is under way, where a
    data source is missing or where the week's hours do not suffice; --force passes these guards,
    and --when-free waits where that helps.

    What follows -- are the script's own arguments: kitctl push -- --lr 0.1
    """
    from kitctl.cli.chain import ChainOptions, chain_limits, push_chain
    from kitctl.cli.earlier_outputs import earlier_outputs, kernel_of_features
    from kitctl.cli.push_contradictions import require_possible
    from kitctl.cli.push_data import name_data, push_data
    from kitctl.cli.send import pushed_result, send, timeout_seconds
    from kitctl.cli.shards import ShardOptions, push_shards
    from kitctl.domain.job.accelerators import SESSION_LIMIT_SECONDS
    from kitctl.domain.quota.reasons_to_wait import ALL_REASONS, SESSIONS_FULL
    from kitctl.operations.planning.launch_options import check_arguments, parse_environment
    from kitctl.operations.planning.overrides import parse_overrides
    from kitctl.operations.planning.plan_job import plan_job
    from kitctl.operations.project.read_project import read_project
    from kitctl.operations.push import PushOptions, check_room
    from kitctl.operations.sending.run_note import check_note
    from kitctl.render import push as render

    require_possible(context.given)
    config = context.configure(accelerator=accelerator, timeout=timeout, local=local, notify=notify)
    require_notifiable(context)
    folders = name_data(context, data or [])
    environment = parse_environment(env or [])
    outputs = earlier_outputs(context, resume) if resume else None
    plan_with = partial(
        plan_job,
        context.project,
        overrides=parse_overrides(settings or []),
        accelerator=config.accelerator,
        arguments=check_arguments(context.script_arguments),
        reuse_features=kernel_of_features(context, reuse_features) if reuse_features else "",
        datasets=tuple(folders),
        # Sessions take days: what is changed in the folder meanwhile is not the same job.
        files=read_project(context.project),
    )
    plan = plan_with(environment=environment, resume=outputs.resume(context) if outputs else None)
    seconds = timeout_seconds(config.timeout, plan.metadata.pool)
    if only_plan:
        sends = NextCommand("push", note="sends it", without=("only_plan",))
        return CommandResult(render.PushPlan(plan, seconds), render.draw_plan, hint=sends)
    options = PushOptions(
        plan=plan,
        timeout_seconds=seconds,
        force=force,
        again=again,
        replace=replace,
        runs=not no_run,
        name=check_note("--name", name),
        message=check_note("--message", message),
    )
    limits = chain_limits(
        seconds or SESSION_LIMIT_SECONDS[plan.metadata.pool], sessions, hours, chained=until_done
    )
    if folders and not (when_free or shards):
        check_room(options, context.client, context.ledger, context.console)
    push_data(context, folders)

    def plan_session(variables: Mapping[str, str], resume: Resume | None) -> PushOptions:
        planned = plan_with(environment={**environment, **variables}, resume=resume)
        return dataclasses.replace(options, plan=dataclasses.replace(planned, git=plan.git))

    waits_for = ALL_REASONS if when_free else ()
    if until_done:
        chain = ChainOptions(
            job=options,
            session=plan_session,
            limits=limits,
            resume=outputs,
            follow=follow,
            waits_for=waits_for,
        )
        return push_chain(context, chain)
    if shards is not None:
        group = ShardOptions(
            count=shards, job=options, session=plan_session, waits_for=waits_for or SESSIONS_FULL
        )
        return push_shards(context, group)
    if outputs:
        outputs.provide(context)
    pushed = send(context, options, waits_for=waits_for)
    return _followed(context, pushed, open_it=open_it) if follow else pushed_result(pushed)


def _followed(context: CommandContext, pushed: PushResult, *, open_it: bool) -> CommandResult:
    """Show a run's log until it has ended; then say how it ended, or open the page about it."""
    from kitctl.cli.follow import LinePrinter, follow_run
    from kitctl.cli.page import default_folder, page_path
    from kitctl.operations.watching.find_run import TargetRun
    from kitctl.render import push as render

    assert pushed.run.ref
    context.console.info(f"{pushed.run.name}: {pushed.url}")
    printer = LinePrinter(context, pushed.run.ref)
    target = TargetRun(pushed.run.ref, pushed.run)
    state = follow_run(context, target, printer.show)
    notify_of_end(context, state)
    if open_it:
        return _opened(context, target)
    page = page_path([default_folder(context, target.ref)])
    return CommandResult(
        render.FollowedPush(pushed, state),
        render.draw_followed,
        state.failure,
        NextCommand("pull-results", "RUN", f"writes {page}", pushed.run.name),
    )


def _opened(context: CommandContext, target: TargetRun) -> CommandResult:
    """Pull the results of a run that has ended, and open the page about it."""
    from kitctl.cli.page import open_page, pull_with_page
    from kitctl.operations.pull_results import PullOptions
    from kitctl.render.pull_results import draw_pulled

    result = pull_with_page(context, target, PullOptions(jobs=max(1, context.config.jobs)))
    open_page(result.page or result.log, context.console)
    return CommandResult(result, draw_pulled, result.failure)
