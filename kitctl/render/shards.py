"""The result of `kitctl push --shards` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.domain.runs import durations

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.operations.sending.run_shards import ShardsResult


def draw_shards(group: ShardsResult, console: Console) -> None:
    for shard in group.shards:
        run = group.runs.get(shard)
        if run is None:
            console.print(f"shard {shard.label}  not pushed", soft_wrap=True)
            continue
        ran = "" if run.seconds is None else f" · ran {durations.describe(run.seconds)}"
        line = f"shard {shard.label}  {run.ref}  {run.status.label}{ran}"
        console.print(line, soft_wrap=True)
    console.print(group.summary, soft_wrap=True)
