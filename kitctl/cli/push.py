"""`kitctl push`."""

from __future__ import annotations

import math

import click

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import local_option, set_option
from kitctl.errors import NextCommand, UsageError
from kitctl.render.output import CommandResult


@command("push")
@click.option("--accelerator", metavar="NAME", help="t4x2, p100, tpu, cpu or Kaggle's own name.")
@click.option("--timeout", metavar="2h", help="End the run after so long at most.")
@set_option
@click.option("-f", "--follow", is_flag=True, help="Show the log until the run has ended.")
@click.option("--plan", "only_plan", is_flag=True, help="Print what would be sent; send nothing.")
@click.option("--replace", is_flag=True, help="Cancel this kernel's running version first.")
@click.option("--force", is_flag=True, help="Push past the guards.")
@click.option("--reuse-features", metavar="RUN", help="Attach that kernel's newest kept features.")
@local_option
def push(
    context: CommandContext,
    *,
    accelerator: str | None,
    timeout: str | None,
    settings: tuple[str, ...],
    follow: bool,
    only_plan: bool,
    replace: bool,
    force: bool,
    reuse_features: str | None,
    local: bool | None,
) -> CommandResult:
    """Package, check, guard and start a run on Kaggle.

    Refused where this very script ran already, where a run of this kernel is under way, where a
    data source is missing or where the week's hours do not suffice; --force passes these guards.
    """
    from kitctl.cli.send import pushed_result, send
    from kitctl.operations.push import PushOptions
    from kitctl.operations.shared.overrides import parse_overrides
    from kitctl.operations.shared.plan_job import plan_job
    from kitctl.render import push as render

    config = context.configure(accelerator=accelerator, timeout=timeout, local=local)
    plan = plan_job(
        context.project,
        overrides=parse_overrides(list(settings)),
        accelerator=config.accelerator,
        # Kaggle attaches a kernel's newest outputs, whichever of its runs is named.
        reuse_features=str(context.find_run(reuse_features).ref.kernel) if reuse_features else "",
    )
    seconds = _seconds(config.timeout, plan.metadata.pool)
    if only_plan:
        return CommandResult(render.PushPlan(plan, seconds), render.draw_plan)
    pushed = send(
        context, PushOptions(plan=plan, timeout_seconds=seconds, force=force, replace=replace)
    )
    if not follow:
        return pushed_result(pushed)

    from kitctl.cli.follow import follow_run
    from kitctl.operations.shared.find_run import TargetRun

    assert pushed.run.ref
    context.console.info(f"{pushed.run.name} is queued: {pushed.url}")
    state, _ = follow_run(context, TargetRun(pushed.run.ref, pushed.run), raw=False)
    return CommandResult(
        render.FollowedPush(pushed, state),
        render.draw_followed,
        state.failure,
        NextCommand("pull-results", f"{pushed.run.version}"),
    )


def _seconds(timeout: str, pool: str) -> int | None:
    """Return the session's limit; None for Kaggle's own."""
    from kitctl.domain import durations
    from kitctl.domain.accelerators import SESSION_LIMIT_SECONDS

    if not timeout:
        return None
    seconds = durations.parse(timeout)
    longest = SESSION_LIMIT_SECONDS[pool]
    if seconds is None or not 0 < math.ceil(seconds) <= longest:
        raise UsageError(
            f"A timeout of {timeout!r} is not possible.",
            code="bad_timeout",
            hint=f"Give one up to {durations.option(longest)}, such as 90m, 2h or 1h30m.",
        )
    return math.ceil(seconds)
