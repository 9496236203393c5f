"""Bringing the ledger up to date with Kaggle, without needless requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.local_kaggle import LocalKaggle
from support.runs import HOUR, intent

from kitctl.adapters.kaggle import KaggleApi, connect_local
from kitctl.adapters.ledger import SqliteLedger
from kitctl.domain.runs.run import KernelRef, Run, Status
from kitctl.errors import NetworkFailed
from kitctl.operations.watching.reconcile import LOGS_A_CALL, reconcile
from kitctl.ports import NullReporter

LOG = [
    {"stream_name": "stdout", "time": 1.0, "data": "session 12\n"},
    {"stream_name": "stdout", "time": 60.0, "data": "phase features 40.0s\n"},
    {"stream_name": "stdout", "time": 70.0, "data": "epoch 1/2 loss 0.5 9.0s\n"},
    {"stream_name": "stdout", "time": 3600.0, "data": "epoch 2/2 loss 0.4 11.0s\n"},
]


@dataclass
class Unwatched:
    """A local Kaggle with ended runs, and a ledger that knows only of their pushes."""

    server: LocalKaggle
    kaggle: KaggleApi
    ledger: SqliteLedger

    def add_run(self, slug: str = "cars", *, is_packed: bool = True, **fields: object) -> Run:
        """Add a run of an hour, two hours ago, that was pushed then."""
        now = self.kaggle.now()
        seeded = self.server.seed(
            slug,
            machineShape="NvidiaTeslaT4",
            startedAt="2026-11-25T10:00:00Z",
            endedAt="2026-11-25T11:00:00Z",
            **{"log": LOG, **fields},
        )
        return self.record_push(slug, seeded["version"], now - 2 * HOUR, is_packed=is_packed)

    def record_push(self, slug: str, version: int, at: float, *, is_packed: bool = True) -> Run:
        """Record a push in the ledger."""
        kernel = KernelRef("local", slug)
        push = intent(
            service="local",
            account="local",
            kernel=kernel,
            written_at=at,
            is_packed=is_packed,
        )
        return self.ledger.record_version(
            self.ledger.admit(push, lambda _: None).id, kernel, version, at
        )

    def record_of(self, run: Run) -> Run:
        """Return the run as the ledger has it now."""
        assert run.ref is not None
        record = self.ledger.get("local", run.ref)
        assert record is not None
        return record


@pytest.fixture
def unwatched(local_kaggle: LocalKaggle, tmp_path: Path) -> Iterator[Unwatched]:
    local_kaggle.set_clock("2026-11-25T12:00:00Z")
    kaggle = connect_local(local_kaggle.endpoint, local_kaggle.token, total_seconds=1)
    kaggle.quota()  # Sets the client's clock by Kaggle's.
    with SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
        yield Unwatched(local_kaggle, kaggle, ledger)


@pytest.mark.parametrize("status", ["COMPLETE", "ERROR", "CANCEL_ACKNOWLEDGED"])
def test_an_unwatched_run_gets_its_status_and_the_facts_of_its_log(
    unwatched: Unwatched, status: str
) -> None:
    run = unwatched.add_run(status=status)
    reconcile(unwatched.kaggle, unwatched.ledger, NullReporter())
    record = unwatched.record_of(run)
    assert record.status is Status(status)
    assert record.started_at is not None and record.ended_at is not None
    assert record.ended_at - record.started_at == 3600
    assert (record.facts.epochs_done, record.facts.epoch_seconds) == (2, 10.0)
    assert record.facts.session_id == 12


def test_an_ended_run_with_its_log_costs_no_further_request(unwatched: Unwatched) -> None:
    unwatched.add_run()
    reconcile(unwatched.kaggle, unwatched.ledger, NullReporter())
    before = unwatched.server.calls("GetKernelSessionStatus")
    reconcile(unwatched.kaggle, unwatched.ledger, NullReporter())
    assert unwatched.server.calls("GetKernelSessionStatus") == before
    assert unwatched.server.calls("ListKernelSessionOutput") == 1


def test_one_call_reads_a_limited_number_of_logs_and_the_next_one_continues(
    unwatched: Unwatched,
) -> None:
    runs = [unwatched.add_run() for _ in range(LOGS_A_CALL + 3)]
    reconcile(unwatched.kaggle, unwatched.ledger, NullReporter())
    read = [run for run in runs if unwatched.record_of(run).time_source == "log"]
    assert len(read) == LOGS_A_CALL
    reconcile(unwatched.kaggle, unwatched.ledger, NullReporter())
    assert {unwatched.record_of(run).time_source for run in runs} == {"log"}


def test_a_deleted_kernel_is_no_error_and_counts_up_to_its_session_limit(
    unwatched: Unwatched,
) -> None:
    gone = unwatched.record_push("deleted-long-ago", 1, unwatched.kaggle.now() - 20 * HOUR)
    fresh = unwatched.record_push("deleted-just-now", 1, unwatched.kaggle.now() - HOUR)
    ended = unwatched.add_run()
    reconcile(unwatched.kaggle, unwatched.ledger, NullReporter())
    assert unwatched.record_of(gone).status is Status.CANCEL_ACKNOWLEDGED
    assert unwatched.record_of(fresh).status is Status.QUEUED
    assert unwatched.record_of(ended).status is Status.COMPLETE


def test_where_kaggle_fails_the_ledger_stays_as_it_is(unwatched: Unwatched) -> None:
    run = unwatched.add_run()
    unwatched.server.fault("status", "GetKernelSessionStatus", status=503, count=50)
    with pytest.raises(NetworkFailed):
        reconcile(unwatched.kaggle, unwatched.ledger, NullReporter())
    assert unwatched.record_of(run).status is Status.QUEUED
    unwatched.server.clear_faults()
    reconcile(unwatched.kaggle, unwatched.ledger, NullReporter())
    assert unwatched.record_of(run).status is Status.COMPLETE


# Its last line was printed long before its end.
QUIET_LOG = LOG[:2]
REPORT = {
    "started_at": "2026-11-25T10:00:20+00:00",
    "ended_at": "2026-11-25T10:59:40+00:00",
    "epochs": 7,
}
RUN_JSON = {"name": "run.json", "text": json.dumps(REPORT)}


def seconds_of(run: Run) -> float:
    assert run.started_at is not None and run.ended_at is not None
    return run.ended_at - run.started_at


def test_the_run_json_of_an_unwatched_run_says_more_than_its_log(unwatched: Unwatched) -> None:
    run = unwatched.add_run(log=QUIET_LOG, files=[RUN_JSON])
    reconcile(unwatched.kaggle, unwatched.ledger, NullReporter())
    record = unwatched.record_of(run)
    assert (record.time_source, seconds_of(record)) == ("output", 59 * 60 + 20)
    assert (record.facts.epochs_done, record.facts.photo_seconds) == (7, 40.0)


def test_the_run_json_of_a_script_of_ones_own_is_not_read(unwatched: Unwatched) -> None:
    run = unwatched.add_run(log=QUIET_LOG, files=[RUN_JSON], is_packed=False)
    reconcile(unwatched.kaggle, unwatched.ledger, NullReporter())
    assert (unwatched.record_of(run).time_source, unwatched.server.calls("download")) == ("log", 0)


@pytest.mark.parametrize("text", ["", "null", "[" * 99_999, "{" + " " * (5 << 20) + "}"])
def test_a_run_json_that_cannot_be_read_leaves_what_the_log_says(
    unwatched: Unwatched, text: str
) -> None:
    run = unwatched.add_run(files=[{"name": "run.json", "text": text}])
    reconcile(unwatched.kaggle, unwatched.ledger, NullReporter())
    assert (unwatched.record_of(run).time_source, seconds_of(unwatched.record_of(run))) == (
        "log",
        3600,
    )
