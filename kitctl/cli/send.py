"""Pushing a plan, as `push`, `sweep --push` and `pipelines --push` do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kitctl.cli.context import CommandContext
from kitctl.errors import Hint, NextCommand
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.operations.push import PushOptions, PushResult
    from kitctl.ports import Reporter


def send(context: CommandContext, options: PushOptions, *, when_free: bool = False) -> PushResult:
    """Push the plan, `when_free`: as soon as Kaggle has room for it.

    What its script cannot hold is pushed first, as data sets. The local Kaggle also gets the
    folders of its data sets, and its secrets.

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
    for warning in competition_warnings(options.plan.metadata, client.competitions):
        context.console.warn(warning)

    def attempt(reporter: Reporter) -> PushResult:
        return push(options, client, context.ledger, context.clock, reporter)

    if when_free:
        pushed, waited = push_when_free(attempt, client, context.clock, context.console)
        result = replace(pushed, waited_seconds=waited)
    else:
        result = attempt(context.console)
    for warning in result.warnings:
        context.console.warn(warning)
    return result


def pushed_result(pushed: PushResult) -> CommandResult:
    """Return the result of a command that pushed a run and does not follow it."""
    from kitctl.domain.runs.run import Status
    from kitctl.render.push import draw_pushed

    number = pushed.run.version
    if pushed.run.status is Status.NEW_SCRIPT:
        hint: Hint = NextCommand("push", note="runs it")
        return CommandResult(pushed, draw_pushed, hint=hint)
    hint = (
        NextCommand("logs", f"-f {number}"),
        " | ",
        NextCommand("pull-results", f"{number} --wait"),
    )
    return CommandResult(pushed, draw_pushed, hint=hint)
