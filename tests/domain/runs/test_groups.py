"""Runs that belong together, and how a list shows them."""

from __future__ import annotations

import pytest
from support.runs import run

from kitctl.domain.runs.chain import CHAIN_VARIABLE, Limits, first_session
from kitctl.domain.runs.groups import (
    GroupKey,
    GroupKind,
    group_of_run,
    lines_of,
    run_beside_each_other,
)
from kitctl.domain.runs.run import Run, Status
from kitctl.domain.runs.shards import Shard
from kitctl.domain.runs.trials import TRIAL_VARIABLE, SessionTrials

SESSION = first_session("0123456789abcdef" * 4, Limits(session_seconds=60))
CHAIN = {CHAIN_VARIABLE: SESSION.variable}


def trial_of_sweep(digit: str) -> dict[str, str]:
    return {TRIAL_VARIABLE: SessionTrials(digit * 16, (4,)).variable}


def shard_run(number: int, status: Status, version: int) -> Run:
    shard = Shard("0" * 16, number, 3)
    return run(0.0, 60.0, version=version, status=status, environment=shard.variables)


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        (CHAIN, GroupKind.CHAIN),
        (Shard("0" * 16, 2, 3).variables, GroupKind.SHARDS),
        (trial_of_sweep("0"), GroupKind.SWEEP),
        ({}, None),
        ({CHAIN_VARIABLE: "anything"}, None),
        ({"KITCTL_SHARDS": f"{'0' * 16} 4 of 3"}, None),
        ({"KITCTL_SHARDS": f"{'0' * 16} 1 of 9999"}, None),
    ],
)
def test_a_runs_variables_say_which_group_it_belongs_to(
    environment: dict[str, str], kind: GroupKind | None
) -> None:
    group = group_of_run(environment)
    assert (group and group.kind) == kind
    assert GroupKey.parse(group and str(group)) == group


def test_a_group_stands_on_one_line_where_its_newest_run_does() -> None:
    alone = [run(0.0, 60.0, version=version) for version in (4, 2)]
    chained = [run(0.0, 60.0, version=version, environment=CHAIN) for version in (5, 3, 1)]
    listed = [chained[0], alone[0], chained[1], alone[1], chained[2]]
    assert [line.name for line in lines_of(listed)] == ["ada/cars/1-5", "ada/cars/4", "ada/cars/2"]


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ([Status.COMPLETE, Status.RUNNING, Status.COMPLETE], "running"),
        ([Status.COMPLETE, Status.ERROR, Status.COMPLETE], "2 complete"),
        ([Status.COMPLETE] * 3, "complete"),
    ],
)
def test_the_state_of_shards_is_that_of_one_under_way_or_how_many_are_complete(
    states: list[Status], state: str
) -> None:
    runs = [shard_run(number, each, number) for number, each in enumerate(states, 1)]
    (line,) = lines_of(runs[::-1])
    assert line.state == state


def test_the_state_of_a_chain_is_the_last_ones() -> None:
    states = [Status.COMPLETE, Status.ERROR]
    (line,) = lines_of([run(0.0, 9.0, status=each, environment=CHAIN) for each in states])
    assert line.state == "complete"


@pytest.mark.parametrize(
    ("environment", "other", "are_beside"),
    [
        (Shard("0" * 16, 1, 3).variables, Shard("0" * 16, 2, 3).variables, True),
        (Shard("0" * 16, 1, 3).variables, Shard("1" * 16, 2, 3).variables, False),
        (trial_of_sweep("0"), trial_of_sweep("0"), True),
        (trial_of_sweep("0"), trial_of_sweep("1"), False),
        (CHAIN, CHAIN, False),
        ({}, {}, False),
    ],
)
def test_shards_of_a_group_and_trials_of_a_sweep_run_at_once_and_sessions_of_a_chain_do_not(
    environment: dict[str, str], other: dict[str, str], are_beside: bool
) -> None:
    assert run_beside_each_other(group_of_run(environment), group_of_run(other)) is are_beside
