"""The result of `kitctl runs` on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kitctl.domain.results.differences import value_text
from kitctl.domain.runs import durations
from kitctl.render.tables import Column, draw_table, number_text

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.domain.runs.run import Run
    from kitctl.operations.runs import RunList


def draw_runs(listed: RunList, console: Console) -> None:
    if not listed.lines:
        console.print("No runs yet.")
        return
    draw_table(_columns(listed), console, whole="--csv FILE has all")
    used = sum(
        listed.line_seconds(line) for line in listed.lines if line.newest.intent.pool != "cpu"
    )
    if used:
        console.print(f"together {durations.describe(used)} of GPU or TPU time")


def _columns(listed: RunList) -> list[Column]:
    """Return the columns, what a narrow window can do without last."""
    lines = listed.lines
    runs = [line.newest for line in lines]
    notes = [run.intent.name or run.intent.message for run in runs]
    groups = [line.group.label(len(line.runs)) if line.group else "" for line in lines]
    columns = [
        Column("run", [line.name for line in lines], "left"),
        *([Column("sessions", groups, "left")] if any(groups) else []),
        *([Column("name", notes, "left")] if any(notes) else []),
        Column("status", [line.state for line in lines], "left"),
        Column("ran", [_duration(listed.line_seconds(line)) for line in lines]),
    ]
    if listed.metric:
        bests = [listed.line_best(line) for line in lines]
        columns.append(
            Column(
                f"best {listed.metric}",
                [number_text(best.value) if best else "" for best in bests],
            )
        )
    if any(run.facts.public_score for run in runs):
        columns.append(Column("score", [run.facts.public_score or "" for run in runs]))
    columns += [
        Column(name, [value_text(values.get(run.id)) for run in runs])
        for name, values in listed.differing.items()
    ]
    pushed = [_when(run.pushed_at or run.intent.written_at) for run in runs]
    return [
        *columns,
        Column("pushed (UTC)", pushed, "left"),
        Column("machine", [run.intent.accelerator or "cpu" for run in runs], "left"),
        *_commits(runs),
        Column("results", ["pulled" if run.pulled_at else "" for run in runs], "left"),
    ]


def _commits(runs: Sequence[Run]) -> list[Column]:
    labels = [run.intent.git.label if run.intent.git else "" for run in runs]
    return [Column("commit", labels, "left")] if any(labels) else []


def _duration(seconds: float) -> str:
    return durations.clock(seconds) if seconds else ""


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")
