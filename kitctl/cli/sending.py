"""Pushing a job that a command other than `push` has made: pipelines, a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.cli.connection import open_road
from kitctl.cli.invocation import Invocation
from kitctl.errors import NextCommand
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.packing.bundle import Plan


def send(invocation: Invocation, plan: Plan, *, local: bool) -> CommandResult:
    """Pushes the plan behind the same guards as any job, and says how to get its results."""
    from kitctl.operations.push import PushOptions, push
    from kitctl.render.push import draw_pushed

    with open_road(invocation, local=local) as road:
        if local:
            from kitctl.cli.local import stand_in

            stand_in(invocation, plan.metadata.sources)
        pushed = push(
            PushOptions(plan=plan), road.kaggle, road.ledger, road.clock, invocation.console
        )
        for warning in pushed.warnings:
            invocation.console.warn(warning)
        hint = NextCommand("pull-results", f"{pushed.run.version} --wait")
        return CommandResult(pushed, draw_pushed, hint=hint)
