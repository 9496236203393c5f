"""The ledger: runs, their states, facts and times, and the quota's readings."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from support.jobs import KERNEL, intent_to_push

from kitctl.adapters.ledger import SqliteLedger
from kitctl.domain.quota.quota import PoolReading, QuotaReading
from kitctl.domain.runs.run import Facts, KernelRef, Run, RunRef, Status
from kitctl.errors import Refused

TESTS = Path(__file__).resolve().parents[2]
NOW = 1_795_000_000.0


def allow(pending: Sequence[Run]) -> None:
    pass


def allow_one(pending: Sequence[Run]) -> None:
    if pending:
        raise Refused("only one fits")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[SqliteLedger]:
    with SqliteLedger(path) as opened:
        yield opened


def pushed(ledger: SqliteLedger, version: int = 1, text: str = "print(1)") -> Run:
    run = ledger.admit(intent_to_push(text, written_at=NOW), allow)
    return ledger.record_version(run.id, KERNEL, version, NOW + 1)


def test_a_run_keeps_the_intent_that_it_was_pushed_with(ledger: SqliteLedger) -> None:
    intent = intent_to_push(settings={"epochs": 3}, sources=("a/b",), timeout_seconds=60, epochs=3)
    run = ledger.admit(intent, allow)
    assert (run.intent, run.status, run.version) == (intent, Status.SENDING, None)
    run = ledger.record_version(run.id, KERNEL, 4, NOW)
    assert (run.intent, run.status, run.name) == (intent, Status.QUEUED, "ada/car-or-truck/4")
    assert ledger.get("kaggle", RunRef(KERNEL, 4)) == ledger.latest("kaggle", KERNEL) == run


def test_polled_states_bound_when_a_run_started_and_ended(ledger: SqliteLedger) -> None:
    run = pushed(ledger)
    for at, status in ((2, Status.QUEUED), (10, Status.RUNNING), (190, Status.RUNNING)):
        run = ledger.record_status(run.id, status, NOW + at)
    assert run.started_at is not None and NOW + 2 <= run.started_at <= NOW + 10
    assert run.ended_at is None
    run = ledger.record_status(run.id, Status.ERROR, NOW + 195, "it broke")
    assert (run.status, run.failure_message) == (Status.ERROR, "it broke")
    assert run.ended_at is not None and NOW + 190 <= run.ended_at <= NOW + 195
    assert run.time_source == "watched"


def test_a_late_poll_does_not_reopen_an_ended_run(ledger: SqliteLedger) -> None:
    run = pushed(ledger)
    ledger.record_status(run.id, Status.COMPLETE, NOW + 60)
    assert ledger.record_status(run.id, Status.RUNNING, NOW + 59).status is Status.COMPLETE


def test_new_facts_are_added_and_exact_times_replace_polled_ones(ledger: SqliteLedger) -> None:
    run = pushed(ledger)
    ledger.record_status(run.id, Status.COMPLETE, NOW + 5000)
    ledger.update_facts(run.id, Facts(session_id=7))
    facts = Facts(program_started_at=NOW + 100, program_ended_at=NOW + 200)
    run = ledger.update_facts(run.id, facts)
    assert (run.facts.session_id, run.facts.program_ended_at) == (7, NOW + 200)
    assert (run.started_at, run.ended_at, run.time_source) == (NOW + 100, NOW + 200, "output")


def test_a_push_is_admitted_by_a_check_of_all_runs_that_have_not_ended(
    ledger: SqliteLedger,
) -> None:
    done = pushed(ledger, 1)
    ledger.record_status(done.id, Status.COMPLETE, NOW + 5)
    waiting = ledger.admit(intent_to_push("two"), allow)
    seen: list[int] = []

    def refuse(pending: Sequence[Run]) -> None:
        seen.extend(run.id for run in pending)
        raise Refused("no")

    with pytest.raises(Refused, match="no"):
        ledger.admit(intent_to_push("three"), refuse)
    assert seen == [waiting.id]
    assert len(ledger.runs("kaggle", "ada")) == 2


def test_services_and_accounts_are_kept_apart(ledger: SqliteLedger) -> None:
    ledger.admit(intent_to_push(service="local", account="local"), allow)
    ledger.admit(intent_to_push(account="bob"), allow)
    ledger.admit(intent_to_push(), allow_one)
    assert [run.intent.account for run in ledger.unfinished_runs("kaggle", "ada")] == ["ada"]
    assert len(ledger.runs("kaggle", None)) == 2
    ledger.forget("local")
    assert ledger.runs("local", None) == []


def test_same_script_runs_are_those_that_are_unfinished_or_complete(ledger: SqliteLedger) -> None:
    good, bad, running = (pushed(ledger, version) for version in (1, 2, 3))
    ledger.record_status(good.id, Status.COMPLETE, NOW + 9)
    ledger.record_status(bad.id, Status.ERROR, NOW + 9)
    pushed(ledger, 4, "another script")
    sha256 = good.intent.script_sha256
    assert [run.id for run in ledger.same_script_runs("kaggle", "ada", sha256)] == [
        running.id,
        good.id,
    ]


def test_an_intent_can_be_withdrawn_until_it_has_a_version(
    ledger: SqliteLedger,
) -> None:
    intent = ledger.admit(intent_to_push(), allow)
    run = pushed(ledger)
    ledger.withdraw(intent.id)
    ledger.withdraw(run.id)
    assert [left.id for left in ledger.runs("kaggle", "ada")] == [run.id]


def test_a_kernel_that_was_deleted_and_created_again_keeps_the_hours_of_its_old_runs(
    ledger: SqliteLedger,
) -> None:
    old = pushed(ledger)
    ledger.record_status(old.id, Status.RUNNING, NOW + 2)
    ledger.record_status(old.id, Status.COMPLETE, NOW + 4)
    new = pushed(ledger, 1, "anew")
    assert ledger.get("kaggle", RunRef(KERNEL, 1)) == new
    kept = ledger.usage("kaggle", "ada", NOW - 10, NOW + 100)
    assert {run.id for run in kept} == {old.id, new.id}


def test_usage_lists_the_runs_of_a_period_and_unfinished_ones(
    ledger: SqliteLedger,
) -> None:
    early, late = pushed(ledger, 1), pushed(ledger, 2)
    ledger.record_status(early.id, Status.COMPLETE, NOW + 10)
    free = ledger.admit(intent_to_push(pool="cpu", written_at=NOW), allow)
    found = {run.id for run in ledger.usage("kaggle", "ada", NOW + 20, NOW + 99)}
    assert found == {late.id}
    found = {run.id for run in ledger.usage("kaggle", "ada", NOW + 5, NOW + 99)}
    assert found == {early.id, late.id}
    assert free.id not in found


def test_the_last_quota_reading_of_each_week_is_kept(ledger: SqliteLedger) -> None:
    for at, used in ((NOW, 5.0), (NOW + 60, 7.0), (NOW + 30, 6.0), (NOW + 8 * 86400, 1.0)):
        pools = (PoolReading("gpu", used, 0.0, 108000.0),)
        ledger.store_reading("kaggle", "ada", QuotaReading(at, None, pools))
    kept = ledger.readings("kaggle", "ada", 0.0)
    assert [reading.pools[0].used_seconds for reading in kept] == [7.0, 1.0]
    assert ledger.last_account("kaggle") == "ada"
    assert ledger.last_account("local") is None


def test_a_run_has_the_kernel_name_that_kaggle_made_from_the_title(ledger: SqliteLedger) -> None:
    run = ledger.admit(intent_to_push(), allow)
    moved = KernelRef("ada", "trucks")
    assert ledger.record_version(run.id, moved, 1, NOW).name == "ada/trucks/1"


def test_the_newest_of_ten_thousand_runs_come_first(path: Path) -> None:
    _fill(path, 10_000)
    with SqliteLedger(path) as ledger:
        newest = ledger.runs("kaggle", "ada", kernel=KERNEL, limit=20)
    assert [run.version for run in newest] == list(range(10_000, 9_980, -1))


def _fill(path: Path, count: int) -> None:
    """Ended runs, one an hour, as a long-time user has them."""
    with SqliteLedger(path) as ledger:
        first = pushed(ledger)
        ledger.record_status(first.id, Status.COMPLETE, NOW + 60)
    connection = sqlite3.connect(path)
    names = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
    others = [name for name in names if name not in ("id", "version", "started_at", "ended_at")]
    connection.executemany(
        f"INSERT INTO runs (version, started_at, ended_at, {', '.join(others)})"
        f" SELECT ?, ?, ?, {', '.join(others)} FROM runs WHERE id = 1",
        [
            (number, NOW - number * 3600, NOW - number * 3600 + 1800)
            for number in range(2, count + 1)
        ],
    )
    connection.commit()
    connection.close()
