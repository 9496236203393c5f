"""Runs that nobody watched are settled from Kaggle, and nothing else is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.local_kaggle import LocalKaggle
from support.runs import HOUR, intent

from kitctl.adapters.kaggle import KaggleApi, connect_local
from kitctl.adapters.ledger import SqliteLedger
from kitctl.domain.runs import KernelRef, Run, Status
from kitctl.errors import NetworkFailed
from kitctl.operations.shared.reconcile import LOGS_A_CALL, reconcile

LOG = [
    {"stream_name": "stdout", "time": 1.0, "data": "session 12\n"},
    {"stream_name": "stdout", "time": 60.0, "data": "phase features 40.0s\n"},
    {"stream_name": "stdout", "time": 70.0, "data": "epoch 1/2 loss 0.5 9.0s\n"},
    {"stream_name": "stdout", "time": 3600.0, "data": "epoch 2/2 loss 0.4 11.0s\n"},
]


@dataclass
class Past:
    """A local Kaggle with runs that ended, and a ledger that knows only of their pushes."""

    server: LocalKaggle
    kaggle: KaggleApi
    ledger: SqliteLedger

    def run(self, slug: str = "cars", **told: object) -> Run:
        """A run of an hour, two hours ago, that was pushed then."""
        now = self.kaggle.now()
        seeded = self.server.seed(
            slug,
            machineShape="NvidiaTeslaT4",
            startedAt="2026-11-25T10:00:00Z",
            endedAt="2026-11-25T11:00:00Z",
            **{"log": LOG, **told},
        )
        return self.pushed(slug, seeded["version"], now - 2 * HOUR)

    def pushed(self, slug: str, version: int, at: float) -> Run:
        kernel = KernelRef("local", slug)
        wanted = intent(service="local", account="local", kernel=kernel, written_at=at)
        return self.ledger.record_version(
            self.ledger.admit(wanted, lambda _: None).id, kernel, version, at
        )

    def settled(self, run: Run) -> Run:
        assert run.ref is not None
        found = self.ledger.get("local", run.ref)
        assert found is not None
        return found


@pytest.fixture
def past(local_kaggle: LocalKaggle, tmp_path: Path) -> Iterator[Past]:
    local_kaggle.set_clock("2026-11-25T12:00:00Z")
    kaggle = connect_local(local_kaggle.endpoint, local_kaggle.token, total_seconds=1)
    kaggle.quota()  # Learns the clock.
    with SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
        yield Past(local_kaggle, kaggle, ledger)


@pytest.mark.parametrize("status", ["COMPLETE", "ERROR", "CANCEL_ACKNOWLEDGED"])
def test_a_run_nobody_watched_is_settled_with_its_log(past: Past, status: str) -> None:
    run = past.run(status=status)
    reconcile(past.kaggle, past.ledger)
    found = past.settled(run)
    assert found.status is Status(status)
    assert found.started_at is not None and found.ended_at is not None
    assert found.ended_at - found.started_at == 3600
    assert (found.facts.epochs_done, found.facts.epoch_seconds) == (2, 10.0)
    assert found.facts.session_id == 12


def test_a_settled_run_is_not_asked_about_again(past: Past) -> None:
    past.run()
    reconcile(past.kaggle, past.ledger)
    before = past.server.calls("GetKernelSessionStatus")
    reconcile(past.kaggle, past.ledger)
    assert past.server.calls("GetKernelSessionStatus") == before
    assert past.server.calls("ListKernelSessionOutput") == 1


def test_one_command_reads_a_bounded_number_of_logs_and_the_next_one_goes_on(past: Past) -> None:
    runs = [past.run() for _ in range(LOGS_A_CALL + 3)]
    reconcile(past.kaggle, past.ledger)
    read = [run for run in runs if past.settled(run).time_source == "log"]
    assert len(read) == LOGS_A_CALL
    reconcile(past.kaggle, past.ledger)
    assert {past.settled(run).time_source for run in runs} == {"log"}


def test_a_kernel_that_is_gone_stops_nothing_and_counts_no_longer_than_its_session(
    past: Past,
) -> None:
    gone = past.pushed("deleted-long-ago", 1, past.kaggle.now() - 20 * HOUR)
    fresh = past.pushed("deleted-just-now", 1, past.kaggle.now() - HOUR)
    seen = past.run()
    reconcile(past.kaggle, past.ledger)
    assert past.settled(gone).status is Status.CANCEL_ACKNOWLEDGED
    assert past.settled(fresh).status is Status.QUEUED
    assert past.settled(seen).status is Status.COMPLETE


def test_when_kaggle_fails_what_is_known_stays(past: Past) -> None:
    run = past.run()
    past.server.fault("status", "GetKernelSessionStatus", status=503, count=50)
    with pytest.raises(NetworkFailed):
        reconcile(past.kaggle, past.ledger)
    assert past.settled(run).status is Status.QUEUED
    past.server.clear_faults()
    reconcile(past.kaggle, past.ledger)
    assert past.settled(run).status is Status.COMPLETE
