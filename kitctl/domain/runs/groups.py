"""Runs that belong together: sessions of a chain, shards of a job, trials of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from kitctl.domain.runs.chain import CHAIN_VARIABLE, parse_session
from kitctl.domain.runs.run import Run, Status
from kitctl.domain.runs.shards import shard_of_run, shard_of_source
from kitctl.domain.runs.trials import TRIAL_VARIABLE, parse_trials


class GroupKind(StrEnum):
    """What makes the runs one group."""

    CHAIN = "chain"
    SHARDS = "shards"
    SWEEP = "sweep"


class GroupKey(NamedTuple):
    """A group, as the variables of each of its runs name it."""

    kind: GroupKind
    id: str

    @classmethod
    def parse(cls, text: str | None) -> GroupKey | None:
        """Return the group of a text that `str` has made."""
        kind, _, group = (text or "").partition(":")
        return cls(GroupKind(kind), group) if kind in set(GroupKind) else None

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    def label(self, sessions: int) -> str:
        """The group as people read it: "chain of 5"."""
        return (
            f"{sessions} shards" if self.kind is GroupKind.SHARDS else f"{self.kind} of {sessions}"
        )


def group_of_run(environment: Mapping[str, str]) -> GroupKey | None:
    """Return the group of a run with these variables; None for a run of its own."""
    if session := parse_session(environment.get(CHAIN_VARIABLE, "")):
        return GroupKey(GroupKind.CHAIN, session.chain)
    if shard := shard_of_run(environment):
        return GroupKey(GroupKind.SHARDS, shard.group)
    if trials := parse_trials(environment.get(TRIAL_VARIABLE, "")):
        return GroupKey(GroupKind.SWEEP, trials.sweep)
    return None


def group_of_source(source: str) -> GroupKey | None:
    """Return the group of shards that a version's source belongs to; None for any other one."""
    shard = shard_of_source(source)
    return GroupKey(GroupKind.SHARDS, shard.group) if shard else None


def run_beside_each_other(group: GroupKey | None, other: GroupKey | None) -> bool:
    """Return whether runs of these groups may run at once, though they are of one kernel."""
    return group is not None and group == other and group.kind is not GroupKind.CHAIN


@dataclass(frozen=True)
class RunLine:
    """What a list of runs shows on one line: a run, or the runs of a group, newest first."""

    runs: tuple[Run, ...]
    group: GroupKey | None = None

    @property
    def newest(self) -> Run:
        return self.runs[0]

    @property
    def name(self) -> str:
        """The run's name; of a group with its first and last version: `ada/cars/3-7`."""
        versions = [run.version for run in self.runs if run.version]
        if len(versions) < 2:
            return self.newest.name
        return f"{self.newest.intent.kernel}/{min(versions)}-{max(versions)}"

    @property
    def state(self) -> str:
        """The last state; of runs beside each other how many are complete, once all ended."""
        under_way = next((run for run in self.runs if not run.status.ended), None)
        if under_way is not None:
            return under_way.status.label
        complete = sum(run.status is Status.COMPLETE for run in self.runs)
        if self.group is None or self.group.kind is GroupKind.CHAIN or complete == len(self.runs):
            return self.newest.status.label
        return f"{complete} complete"


def lines_of(runs: Sequence[Run]) -> tuple[RunLine, ...]:
    """Return runs, which come newest first, as lines: a group stands where its newest run does."""
    lines: dict[object, list[Run]] = {}
    groups: dict[object, GroupKey | None] = {}
    for run in runs:
        group = group_of_run(run.intent.environment)
        lines.setdefault(group or run.id, []).append(run)
        groups[group or run.id] = group
    return tuple(RunLine(tuple(each), groups[key]) for key, each in lines.items())


def single_lines(runs: Sequence[Run]) -> tuple[RunLine, ...]:
    """Return each run as a line of its own."""
    return tuple(RunLine((run,)) for run in runs)
