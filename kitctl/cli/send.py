"""Pushing a plan, as `push`, `sweep --push` and `pipelines --push` do."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from kitctl.cli.context import CommandContext
from kitctl.errors import Hint, NextCommand, UsageError
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.operations.push import PushOptions, PushResult
    from kitctl.ports import Reporter


def send(
    context: CommandContext,
    options: PushOptions,
    *,
    waits_for: Collection[str] = (),
    check: Callable[[], None] = lambda: None,
    warned: set[str] | None = None,
) -> PushResult:
    """Push the plan; where it is refused for a reason in `waits_for`, as soon as Kaggle has room.

    `check` is called before each try: while it was waited, another machine may have gone on.

    What its script cannot hold is pushed first, as data sets. The local Kaggle also gets the
    folders of its data sets, and its secrets. What is in `warned` is not warned of again.

    Raises Refused where a guard or Kaggle refuses: then nothing runs.
    """
    from kitctl.cli.push_data import push_attached
    from kitctl.operations.push import push
    from kitctl.operations.sending.competition_warnings import competition_warnings
    from kitctl.operations.sending.push_when_free import push_when_free

    client = context.client
    attached = push_attached(context, options)
    options = replace(options, plan=options.plan.with_datasets(attached))
    sources = options.plan.metadata.sources
    if context.config.local:
        from kitctl.cli.local import register_folders, register_secrets

        register_folders(context, sources)
        options = replace(options, stand_ins=frozenset(context.config.sources))
        register_secrets()
    warned = set() if warned is None else warned
    _warn_once(context, competition_warnings(options.plan.metadata, client.competitions), warned)

    def attempt(reporter: Reporter) -> PushResult:
        check()
        return push(options, client, context.ledger, context.clock, reporter)

    if waits_for:
        pushed, waited = push_when_free(attempt, client, context.clock, context.console, waits_for)
        result = replace(pushed, waited_seconds=waited)
    else:
        result = attempt(context.console)
    _warn_once(context, result.warnings, warned)
    return result


def _warn_once(context: CommandContext, warnings: Iterable[str], warned: set[str]) -> None:
    for warning in warnings:
        if warning not in warned:
            context.console.warn(warning)
            warned.add(warning)


def pushed_result(pushed: PushResult) -> CommandResult:
    """Return the result of a command that pushed a run and does not follow it."""
    from kitctl.domain.runs.run import Status
    from kitctl.render.push import draw_pushed

    if pushed.run.status is Status.NEW_SCRIPT:
        hint: Hint = NextCommand("push", note="runs it", without=("no_run",))
        return CommandResult(pushed, draw_pushed, hint=hint)
    hint = (
        NextCommand("logs", "-f RUN", run=pushed.run.name),
        " | ",
        NextCommand("pull-results", "RUN --wait", run=pushed.run.name),
    )
    return CommandResult(pushed, draw_pushed, hint=hint)


def timeout_seconds(timeout: str, pool: str) -> int | None:
    """Return the session's limit; None for Kaggle's own.

    Raises UsageError for one that is no duration, or longer than Kaggle's own.
    """
    from kitctl.domain.job.accelerators import SESSION_LIMIT_SECONDS
    from kitctl.domain.runs import durations

    if not timeout:
        return None
    seconds = durations.parse(timeout)
    longest = SESSION_LIMIT_SECONDS[pool]
    if seconds is None or not 0 < seconds <= longest:
        raise UsageError(
            f"A timeout of {timeout!r} is not possible.",
            code="bad_timeout",
            hint=f"Give one up to {durations.option(longest)}, such as 90m, 2h or 1h30m.",
        )
    return math.ceil(seconds)
