"""What the runs of a group used together: the sessions of a chain, shards, trials of a sweep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from kitctl.domain.quota.quota import RunOccupancy, RunUse
from kitctl.domain.runs.groups import GroupKey
from kitctl.domain.runs.run_times import Occupancy


@dataclass(frozen=True)
class GroupUse:
    """A group: `seconds` of its `total_seconds` lie in the week, `last` is its newest run."""

    key: GroupKey
    sessions: int
    seconds: float
    total_seconds: float
    last: RunOccupancy

    @property
    def label(self) -> str:
        """The group as people read it: "chain of 5"."""
        return self.key.label(self.sessions)


def groups_in_week(
    uses: Sequence[RunUse], runs: Sequence[RunOccupancy], now: float
) -> tuple[GroupUse, ...]:
    """Return the groups of a week's uses, the largest use first; `runs` are all of theirs."""
    members: dict[GroupKey, list[RunOccupancy]] = defaultdict(list)
    for run in runs:
        if run.group:
            members[run.group].append(run)
    groups = [
        GroupUse(
            key,
            len(group),
            round(sum(use.seconds for use in uses if use.group == key), 3),
            round(sum(_seconds(run, now) for run in group), 3),
            max(group, key=lambda run: run.id),
        )
        for key, group in members.items()
    ]
    return tuple(sorted(groups, key=lambda group: -group.seconds))


def _seconds(run: RunOccupancy, now: float) -> float:
    if run.started_at is None:
        return 0.0
    occupancy = Occupancy(run.started_at, run.ended_at, run.time_source)
    return max(0.0, occupancy.end_by(now, run.limit_seconds) - run.started_at)
