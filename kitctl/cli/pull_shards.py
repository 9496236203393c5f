"""`pull-results --shards`: what all shards of a group left, in one folder."""

from __future__ import annotations

from pathlib import Path

from kitctl.adapters.results_folder import LocalResultsFolder
from kitctl.cli.context import CommandContext
from kitctl.cli.follow import hint_on_interrupt
from kitctl.cli.page import default_folder
from kitctl.domain.runs.shards import Shard
from kitctl.errors import InvalidInput, UsageError
from kitctl.operations.pull_results import PullOptions, pull_results
from kitctl.operations.pulling.pull_result import PullResult
from kitctl.operations.pulling.pull_shards import group_of, join_shards, require_ended
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.shard_runs import ShardRun, ShardRuns
from kitctl.operations.watching.watch import wait_for_end
from kitctl.render.output import CommandResult
from kitctl.render.shards import draw_pulled_shards

GROUP_DIGITS = 8


def pull_group(
    context: CommandContext,
    target: TargetRun,
    options: PullOptions,
    out: Path | None,
    *,
    waits: bool,
    opens: bool,
) -> CommandResult:
    """Pull each run of the group that a run belongs to, and join their files."""
    if opens:
        raise UsageError("--open shows the report on one run; leave out --shards.")
    shards = group_of(target, context.client)
    group = ShardRuns(target.ref.kernel, shards, context.client, context.ledger)
    runs = group.read()
    if waits:
        _wait_for_all(context, list(runs.values()))
        runs = group.read()
    require_ended(shards, runs)
    in_order = {shard: runs[shard] for shard in shards}
    pulls = _pull_each(context, in_order, options)
    refs = [run.ref for run in in_order.values() if run.ref]
    owners = [LocalResultsFolder(default_folder(context, ref)).owner for ref in refs]
    name = f"shards-{shards[0].group[:GROUP_DIGITS]}"
    folder = LocalResultsFolder(out or default_folder(context, target.ref).with_name(name))
    joined = join_shards(in_order, pulls, folder, owners, context.console)
    return CommandResult(joined, draw_pulled_shards, joined.failure)


def _wait_for_all(context: CommandContext, runs: list[ShardRun]) -> None:
    for run in runs:
        if run.ref is not None and not run.status.ended:
            with hint_on_interrupt(run.ref):
                wait_for_end(
                    TargetRun(run.ref, run.record),
                    *(context.client, context.ledger, context.clock, context.console),
                )


def _pull_each(
    context: CommandContext, runs: dict[Shard, ShardRun], options: PullOptions
) -> dict[Shard, PullResult]:
    """Pull each run into its own folder.

    Raises InvalidInput where a pattern matches no file of any shard, the first pull's error where a
    file does not come.
    """
    pulls: dict[Shard, PullResult] = {}
    no_match: InvalidInput | None = None
    for shard, run in runs.items():
        assert run.ref is not None
        try:
            pull = pull_results(
                TargetRun(run.ref, run.record),
                context.client,
                context.ledger,
                context.downloader,
                LocalResultsFolder(default_folder(context, run.ref)),
                options,
                context.console,
            )
        except InvalidInput as error:
            if error.code != "no_match":
                raise
            no_match = error
            continue
        # Without all files nothing is joined; the same call goes on.
        if (pull.failed or pull.missing) and pull.failure:
            raise pull.failure
        pulls[shard] = pull
    if not pulls and no_match:
        raise no_match
    return pulls
