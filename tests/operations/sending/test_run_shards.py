"""A queue of shards: what is paid for where answers are lost, the network fails, hours run out."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import pytest
from support.local_setup import LocalSetup
from support.plans import job_metadata
from support.server_clock import ServerClock

from kitctl.domain.job import accelerators
from kitctl.domain.quota.reasons_to_wait import ALL_REASONS, SESSIONS_FULL
from kitctl.domain.runs.run import KernelRef, Status
from kitctl.domain.runs.shards import Shard, shards_of_job
from kitctl.errors import NetworkFailed, Refused
from kitctl.operations.push import PushOptions, push
from kitctl.operations.sending.push_when_free import push_when_free
from kitctl.operations.sending.run_shards import QueueOptions, ShardsResult, run_shards
from kitctl.packing import bundle
from kitctl.packing.plan import Launch
from kitctl.ports import Reporter

KERNEL = KernelRef("local", "small-job")
HOUR = 3600


@dataclass
class ShardQueue:
    """Shards of a small script at the local Kaggle, whose clock is moved where it is waited."""

    setup: LocalSetup
    script: str = "print(1)"
    count: int = 2
    waits_for: Collection[str] = SESSIONS_FULL
    metadata: dict[str, object] = field(default_factory=dict)
    failures: list[NetworkFailed] = field(default_factory=list)

    def run(self) -> ShardsResult:
        queue = QueueOptions(at_once=2, waits_for=self.waits_for)
        setup = self.setup
        ports = setup.kaggle, setup.ledger, ServerClock(setup.server), setup.reporter
        shards = shards_of_job("0" * 64, self.count)
        return run_shards(KERNEL, shards, queue, *ports, self.push)

    def push(self, shard: Shard, *, waits_for: Collection[str], check: Callable[[], None]) -> None:
        if self.failures:
            raise self.failures.pop()
        plan = bundle.plan_single_file(
            job_metadata(**self.metadata),
            self.script.encode(),
            launch=Launch(environment=shard.variables),
        )
        setup, clock = self.setup, ServerClock(self.setup.server)
        options = PushOptions(plan=plan, timeout_seconds=HOUR)

        def attempt(reporter: Reporter) -> object:
            check()
            return push(options, setup.kaggle, setup.ledger, clock, reporter)

        push_when_free(attempt, setup.kaggle, clock, setup.reporter, waits_for)

    def versions(self) -> list[int | None]:
        return [run.version for run in reversed(self.setup.ledger.runs("local", None))]


@pytest.mark.parametrize(
    ("arrives", "saves"), [(True, 2), (False, 3)], ids=["it arrived", "it did not"]
)
def test_a_shard_whose_answer_is_lost_is_sent_again_only_when_it_surely_does_not_run(
    setup: LocalSetup, arrives: bool, saves: int
) -> None:
    setup.server.answer("SaveKernel", status=502, after_effect=arrives)
    queue = ShardQueue(setup)
    result = queue.run()
    assert result.failure is None
    assert setup.server.calls("SaveKernel") == saves
    assert sorted(queue.versions()) == [1, 2]


def test_a_shard_that_arrives_minutes_after_its_lost_answer_is_not_sent_again(
    setup: LocalSetup,
) -> None:
    setup.server.answer("SaveKernel", status=502, after_effect=True, effect_after_seconds=300)
    queue = ShardQueue(setup)
    assert queue.run().failure is None
    assert setup.server.calls("SaveKernel") == 2


def test_shards_that_kaggle_does_not_show_yet_are_waited_for(setup: LocalSetup) -> None:
    setup.server.hide_new_versions(120)
    queue = ShardQueue(setup, count=3)
    assert queue.run().complete == 3
    assert setup.server.calls("SaveKernel") == 3


def test_a_network_that_fails_for_a_while_is_waited_for(setup: LocalSetup) -> None:
    queue = ShardQueue(setup, failures=[NetworkFailed("No network.")])
    assert queue.run().failure is None
    assert "No network. What runs goes on; still trying." in setup.reporter.lines


@pytest.mark.parametrize("waits_for", [SESSIONS_FULL, ALL_REASONS], ids=["refused", "waits"])
def test_shards_that_the_week_does_not_hold_are_refused_or_wait_for_the_reset(
    setup: LocalSetup, waits_for: Collection[str]
) -> None:
    setup.server.set_clock("2026-11-27T12:00:00Z")
    setup.server.use_elsewhere("gpu", "2026-11-25T00:00:00Z", "2026-11-26T05:30:00Z")
    gpu = accelerators.T4X2
    queue = ShardQueue(setup, waits_for=waits_for, metadata={"accelerator": gpu})
    if waits_for is SESSIONS_FULL:
        with pytest.raises(Refused) as refused:
            queue.run()
        assert (refused.value.code, queue.versions()) == ("quota_exceeded", [])
    else:
        assert [run.status for run in queue.run().runs.values()] == [Status.COMPLETE] * 2
        assert setup.server.now() >= "2026-11-27T23:25"
