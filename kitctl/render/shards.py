"""The results of `kitctl push --shards` and `kitctl pull-results --shards` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.domain.runs import durations
from kitctl.domain.runs.counts import counted

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.operations.pulling.pulled_shards import PulledShards
    from kitctl.operations.sending.run_shards import ShardsResult

# Files of each kind that are listed by name.
SHOWN = 12


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


def draw_pulled_shards(pulled: PulledShards, console: Console) -> None:
    console.print(f"{pulled.out}", soft_wrap=True)
    size = sum(file.bytes for file in pulled.files) / 1e6
    if pulled.verified:
        checked = "✓ all match their runs' manifests"
    elif any(pull.has_manifest for pull in pulled.pulls.values()):
        checked = "not all of them could be checked with manifests"
    else:
        checked = "the runs left no manifests to check them with"
    total = counted(len(pulled.files), "file")
    complete = f"{len(pulled.complete)} of {len(pulled.shards)} shards complete"
    console.print(f"{complete} · {total}, {size:,.1f} MB · {checked}", soft_wrap=True)
    for shard, run in pulled.runs.items():
        pull = pulled.pulls.get(shard)
        files = counted(len(pull.files) if pull else 0, "file")
        line = f"shard {shard.label}  {run.ref}  {run.status.label} · {files}"
        console.print(line, soft_wrap=True)
    for moved in pulled.moved:
        files = counted(len(moved.names), "file")
        console.print(f"  not of these runs: {files}, moved to {moved.folder}", soft_wrap=True)
    for warning in pulled.warnings:
        console.print(f"  {warning}", soft_wrap=True)
    joined = [file for file in pulled.files if file.place == "joined"]
    for file in joined[:SHOWN]:
        of = f"the rows of {counted(len(file.shards), 'shard')}"
        console.print(f"joined     {pulled.out / file.path} ({of})", soft_wrap=True)
