"""`kitctl push`."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from kitctl.cli.connection import LocalOption, open_road, run_name
from kitctl.cli.frame import command
from kitctl.cli.invocation import Invocation
from kitctl.cli.package import SetOption
from kitctl.errors import NextCommand, UsageError
from kitctl.render.output import CommandResult


def register(app: typer.Typer) -> None:
    command(app, "push")(push)


def push(
    invocation: Invocation,
    accelerator: Annotated[
        str | None,
        typer.Option(
            "--accelerator", metavar="NAME", help="t4x2, p100, tpu, cpu or Kaggle's own name."
        ),
    ] = None,
    timeout: Annotated[
        str | None,
        typer.Option("--timeout", metavar="2h", help="End the run after so long at most."),
    ] = None,
    settings: SetOption = None,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Show the log until the run has ended.")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Print what would be sent, and send nothing.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Cancel this kernel's running version first.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Push past the guards.")] = False,
    reuse_features: Annotated[
        str | None,
        typer.Option(
            "--reuse-features", metavar="RUN", help="Attach that kernel's newest kept features."
        ),
    ] = None,
    local: LocalOption = None,
) -> CommandResult:
    """Package, check, guard and start a run on Kaggle.

    Refused where this very script ran already, where a run of this kernel is under way, where a
    data source is missing or where the week's hours do not suffice; --force passes these guards.
    """
    from kitctl.operations.shared.overrides import parse_overrides
    from kitctl.operations.shared.plan_job import plan_job
    from kitctl.render import push as render

    chosen = invocation.settings(accelerator=accelerator, timeout=timeout, local=local)
    made = plan_job(
        invocation.project,
        overrides=parse_overrides(settings or []),
        accelerator=chosen.accelerator,
        reuse_features=_kernel_of(invocation, reuse_features, local=chosen.local),
    )
    seconds = _seconds(chosen.timeout, made.metadata.pool)
    if plan:
        return CommandResult(render.PushPlan(made, seconds), render.draw_plan)

    from kitctl.operations.push import PushOptions
    from kitctl.operations.push import push as send

    order = PushOptions(plan=made, timeout_seconds=seconds, force=force, replace=replace)
    with open_road(invocation, local=chosen.local) as road:
        if chosen.local:
            from kitctl.cli.local import stand_in

            stand_in(invocation, made.metadata.sources)
        pushed = send(order, road.kaggle, road.ledger, road.clock, invocation.console)
        for warning in pushed.warnings:
            invocation.console.warn(warning)
        if not follow:
            number = pushed.run.version
            hint = (
                NextCommand("logs", f"-f {number}"),
                " | ",
                NextCommand("pull-results", f"{number} --wait"),
            )
            return CommandResult(pushed, render.draw_pushed, hint=hint)

        from kitctl.cli.follow import follow_run
        from kitctl.operations.shared.find_run import TargetRun

        assert pushed.run.ref
        invocation.console.info(f"{pushed.run.name} is queued: {pushed.url}")
        status, _ = follow_run(invocation, road, TargetRun(pushed.run.ref, pushed.run), raw=False)
        ended = render.Followed(pushed, status)
        pull = NextCommand("pull-results", f"{pushed.run.version}")
        return CommandResult(ended, render.draw_followed, status.failure, pull)


def _kernel_of(invocation: Invocation, run: str | None, *, local: bool) -> str:
    """The kernel of a run; Kaggle attaches a kernel's newest outputs, whichever run is named."""
    if run is None:
        return ""
    with open_road(invocation, local=local) as road:
        return str(road.find(invocation, run_name(run)).ref.kernel)


def _seconds(timeout: str, pool: str) -> int | None:
    """The session's limit; None for Kaggle's own."""
    from kitctl.domain import durations
    from kitctl.domain.accelerators import SESSION_LIMIT_SECONDS

    if not timeout:
        return None
    seconds = durations.parse(timeout)
    longest = SESSION_LIMIT_SECONDS[pool]
    if seconds is None or not 0 < math.ceil(seconds) <= longest:
        raise UsageError(
            f"A timeout of {timeout!r} cannot be kept.",
            code="bad_timeout",
            hint=f"Give one up to {durations.option(longest)}, such as 90m, 2h or 1h30m.",
        )
    return math.ceil(seconds)
