"""`push --shards N`: one script that runs N times, each time on its part of the work."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kitctl.cli.chain import PlanSession
from kitctl.cli.context import CommandContext
from kitctl.cli.notify import notified_of_stop, notify_of
from kitctl.cli.send import send
from kitctl.domain.job.accelerators import QUEUED_AT_ONCE
from kitctl.domain.runs.shards import MOST_SHARDS, Shard, shards_of_job
from kitctl.errors import Interrupted, NextCommand, UsageError
from kitctl.operations.sending.job_kernel import find_job_kernel
from kitctl.operations.sending.run_shards import QueueOptions, run_shards
from kitctl.render.output import CommandResult
from kitctl.render.shards import draw_shards

if TYPE_CHECKING:
    from kitctl.operations.push import PushOptions


@dataclass(frozen=True, kw_only=True)
class ShardOptions:
    """How the `count` shards of a job are pushed.

    `job` is the job outside of a group; with its `again`, shards that failed are pushed once more.
    `waits_for` are the reasons to wait for where none of them is under way.
    """

    count: int
    job: PushOptions
    session: PlanSession
    waits_for: Collection[str]


def push_shards(context: CommandContext, options: ShardOptions) -> CommandResult:
    """Push and watch the shards until all have ended; return how they did."""
    if not 1 <= options.count <= MOST_SHARDS:
        raise UsageError(
            f"--shards takes 1 to {MOST_SHARDS}.", hint=NextCommand("push", "--shards 8")
        )
    plan = options.job.plan
    kernel = find_job_kernel(plan.metadata, context.client, context.ledger).kernel
    pool = plan.metadata.pool
    warned: set[str] = set()

    def push(shard: Shard, *, waits_for: Collection[str], check: Callable[[], None]) -> None:
        planned = options.session(shard.variables, None)
        pushed = send(context, planned, waits_for=waits_for, check=check, warned=warned)
        context.console.info(f"Shard {shard.label}: {pushed.run.name}, {pushed.url}")

    queue = QueueOptions(
        at_once=QUEUED_AT_ONCE[pool],
        again=options.job.again,
        waits_for=options.waits_for,
    )
    ports = context.client, context.ledger, context.clock, context.console
    with notified_of_stop(context, f"{kernel}: the queue of shards"):
        try:
            result = run_shards(
                kernel, shards_of_job(plan.script_sha256, options.count), queue, *ports, push
            )
        except KeyboardInterrupt:
            raise Interrupted(
                f"The shards of {kernel} that were pushed go on at Kaggle; no other one is pushed.",
                hint=("the same command goes on | ", NextCommand("runs")),
            ) from None
    facts = {"run": str(kernel), "complete": result.complete, "shards": len(result.shards)}
    notify_of(context, f"{kernel}: {result.summary}", facts)
    hint = NextCommand("pull-results", "--shards", "fetches and joins what they left")
    return CommandResult(result, draw_shards, result.failure, hint)
