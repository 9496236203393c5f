"""The ledger: what it keeps, whatever happens to the programs that write it."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from support.jobs import KERNEL, intent_to_push

from kitctl.adapters.ledger import SqliteLedger, database
from kitctl.domain.quota import PoolReading, QuotaReading
from kitctl.domain.runs import Facts, KernelRef, Run, RunRef, Status
from kitctl.errors import InvalidInput, Refused

TESTS = Path(__file__).resolve().parents[2]
NOW = 1_795_000_000.0


def anything_goes(pending: Sequence[Run]) -> None:
    pass


def only_one(pending: Sequence[Run]) -> None:
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
    run = ledger.admit(intent_to_push(text, written_at=NOW), anything_goes)
    return ledger.record_version(run.id, KERNEL, version, NOW + 1)


def test_a_run_is_kept_as_it_was_intended(ledger: SqliteLedger) -> None:
    intent = intent_to_push(settings={"epochs": 3}, sources=("a/b",), timeout_seconds=60, epochs=3)
    run = ledger.admit(intent, anything_goes)
    assert (run.intent, run.status, run.version) == (intent, Status.SENDING, None)
    run = ledger.record_version(run.id, KERNEL, 4, NOW)
    assert (run.intent, run.status, run.name) == (intent, Status.QUEUED, "ada/car-or-truck/4")
    assert ledger.get("kaggle", RunRef(KERNEL, 4)) == ledger.latest("kaggle", KERNEL) == run


def test_states_are_kept_with_their_times(ledger: SqliteLedger) -> None:
    run = pushed(ledger)
    for at, status in ((2, Status.QUEUED), (10, Status.RUNNING), (11, Status.RUNNING)):
        run = ledger.record_status(run.id, status, NOW + at)
    assert run.started_at is not None and NOW + 2 <= run.started_at <= NOW + 10
    assert run.ended_at is None
    run = ledger.record_status(run.id, Status.ERROR, NOW + 60, "it broke")
    assert (run.status, run.failure_message) == (Status.ERROR, "it broke")
    assert run.ended_at is not None and NOW + 11 <= run.ended_at <= NOW + 60
    assert run.time_source == "watched"


def test_a_late_answer_revives_no_ended_run(ledger: SqliteLedger) -> None:
    run = pushed(ledger)
    ledger.record_status(run.id, Status.COMPLETE, NOW + 60)
    assert ledger.record_status(run.id, Status.RUNNING, NOW + 59).status is Status.COMPLETE


def test_facts_add_up_and_better_ones_move_the_times(ledger: SqliteLedger) -> None:
    run = pushed(ledger)
    ledger.record_status(run.id, Status.COMPLETE, NOW + 5000)
    ledger.update_facts(run.id, Facts(session_id=7))
    facts = Facts(program_started_at=NOW + 100, program_ended_at=NOW + 200)
    run = ledger.update_facts(run.id, facts)
    assert (run.facts.session_id, run.facts.program_ended_at) == (7, NOW + 200)
    assert (run.started_at, run.ended_at, run.time_source) == (NOW + 100, NOW + 200, "output")


def test_the_judge_sees_every_run_that_has_not_ended_and_its_word_counts(
    ledger: SqliteLedger,
) -> None:
    done = pushed(ledger, 1)
    ledger.record_status(done.id, Status.COMPLETE, NOW + 5)
    waiting = ledger.admit(intent_to_push("two"), anything_goes)
    seen: list[int] = []

    def judge(pending: Sequence[Run]) -> None:
        seen.extend(run.id for run in pending)
        raise Refused("no")

    with pytest.raises(Refused, match="no"):
        ledger.admit(intent_to_push("three"), judge)
    assert seen == [waiting.id]
    assert len(ledger.runs("kaggle", "ada")) == 2


def test_the_books_of_other_services_and_accounts_are_apart(ledger: SqliteLedger) -> None:
    ledger.admit(intent_to_push(service="local", account="local"), anything_goes)
    ledger.admit(intent_to_push(account="bob"), anything_goes)
    ledger.admit(intent_to_push(), only_one)
    assert [run.intent.account for run in ledger.unfinished_runs("kaggle", "ada")] == ["ada"]
    assert len(ledger.runs("kaggle", None)) == 2
    ledger.forget("local")
    assert ledger.runs("local", None) == []


def test_twins_are_those_that_run_or_did_well(ledger: SqliteLedger) -> None:
    good, bad, running = (pushed(ledger, version) for version in (1, 2, 3))
    ledger.record_status(good.id, Status.COMPLETE, NOW + 9)
    ledger.record_status(bad.id, Status.ERROR, NOW + 9)
    pushed(ledger, 4, "another script")
    sha256 = good.intent.script_sha256
    assert [run.id for run in ledger.same_script_runs("kaggle", "ada", sha256)] == [
        running.id,
        good.id,
    ]


def test_an_intent_without_a_version_can_be_withdrawn_and_a_run_cannot(
    ledger: SqliteLedger,
) -> None:
    intent = ledger.admit(intent_to_push(), anything_goes)
    run = pushed(ledger)
    ledger.withdraw(intent.id)
    ledger.withdraw(run.id)
    assert [left.id for left in ledger.runs("kaggle", "ada")] == [run.id]


def test_a_kernel_that_was_deleted_and_made_anew_keeps_the_hours_of_its_old_runs(
    ledger: SqliteLedger,
) -> None:
    old = pushed(ledger)
    ledger.record_status(old.id, Status.RUNNING, NOW + 2)
    ledger.record_status(old.id, Status.COMPLETE, NOW + 4)
    new = pushed(ledger, 1, "anew")
    assert ledger.get("kaggle", RunRef(KERNEL, 1)) == new
    kept = ledger.usage("kaggle", "ada", NOW - 10, NOW + 100)
    assert {run.id for run in kept} == {old.id, new.id}


def test_usage_holds_the_runs_of_that_time_and_those_that_may_be(ledger: SqliteLedger) -> None:
    early, late = pushed(ledger, 1), pushed(ledger, 2)
    ledger.record_status(early.id, Status.COMPLETE, NOW + 10)
    free = ledger.admit(intent_to_push(pool="cpu", written_at=NOW), anything_goes)
    found = {run.id for run in ledger.usage("kaggle", "ada", NOW + 20, NOW + 99)}
    assert found == {late.id}
    found = {run.id for run in ledger.usage("kaggle", "ada", NOW + 5, NOW + 99)}
    assert found == {early.id, late.id}
    assert free.id not in found


def test_the_last_reading_of_each_week_is_kept(ledger: SqliteLedger) -> None:
    for at, used in ((NOW, 5.0), (NOW + 60, 7.0), (NOW + 30, 6.0), (NOW + 8 * 86400, 1.0)):
        pools = (PoolReading("gpu", used, 0.0, 108000.0),)
        ledger.store_reading("kaggle", "ada", QuotaReading(at, None, pools))
    kept = ledger.readings("kaggle", "ada", 0.0)
    assert [reading.pools[0].used_seconds for reading in kept] == [7.0, 1.0]
    assert ledger.last_account("kaggle") == "ada"
    assert ledger.last_account("local") is None


# Two at once, and none at all.


def test_two_programs_at_once_never_both_pass_where_one_fits(path: Path) -> None:
    SqliteLedger(path).close()
    program = (
        "import sys, pathlib\n"
        "from support.jobs import intent_to_push\n"
        "from kitctl.adapters.ledger import SqliteLedger, database\n"
        "from kitctl.errors import Refused\n"
        "def judge(pending):\n"
        "    if len(pending) >= 1: raise Refused('full')\n"
        "with SqliteLedger(pathlib.Path(sys.argv[1])) as ledger:\n"
        "    print('ready', flush=True); sys.stdin.readline()\n"
        "    try: ledger.admit(intent_to_push(sys.argv[2]), judge); print('in')\n"
        "    except Refused: print('out')\n"
    )
    programs = [_start(program, str(path), str(number)) for number in range(6)]
    for one in programs:
        assert one.stdout and one.stdout.readline() == "ready\n"
    for one in programs:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    answers = sorted(one.communicate(timeout=60)[0].strip() for one in programs)
    assert answers == ["in"] + ["out"] * 5


def test_what_was_written_before_a_kill_is_there_and_what_was_not_is_not(path: Path) -> None:
    program = (
        "import sys, pathlib, time\n"
        "from support.jobs import intent_to_push\n"
        "from kitctl.adapters.ledger import SqliteLedger, database\n"
        "ledger = SqliteLedger(pathlib.Path(sys.argv[1]))\n"
        "ledger.admit(intent_to_push('written'), lambda pending: None)\n"
        "def judge(pending):\n"
        "    print('judging', flush=True); time.sleep(600)\n"
        "ledger.admit(intent_to_push('never written'), judge)\n"
    )
    with _start(program, str(path)) as killed:
        assert killed.stdout and killed.stdout.readline() == "judging\n"
        killed.kill()
        killed.wait(30)
    with SqliteLedger(path) as ledger:
        (run,) = ledger.unfinished_runs("kaggle", "ada")
        assert run.intent.source_sha256 == intent_to_push("written").source_sha256
        ledger.admit(intent_to_push("the lock is free"), anything_goes)


def _start(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )


# The file.


def test_the_file_is_the_users_alone_from_the_first_moment(path: Path) -> None:
    before = os.umask(0)
    try:
        with SqliteLedger(path) as ledger:
            ledger.admit(intent_to_push(), anything_goes)
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_damaged_ledger_is_left_as_it_is_and_said_to_be_damaged(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database " * 300)
    with pytest.raises(InvalidInput) as caught:
        SqliteLedger(path)
    assert caught.value.code == "ledger_corrupt"
    assert path.read_bytes().startswith(b"this is no database")


def test_a_ledger_of_a_newer_kitctl_is_not_touched(path: Path) -> None:
    SqliteLedger(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(InvalidInput) as caught:
        SqliteLedger(path)
    assert caught.value.code == "ledger_newer"


def test_a_ledger_that_another_program_keeps_locked_is_said_to_be_busy(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    with SqliteLedger(path) as ledger:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Refused) as caught:
            ledger.admit(intent_to_push(), anything_goes)
        other.execute("ROLLBACK")
        other.close()
        assert caught.value.code == "ledger_busy"
        ledger.admit(intent_to_push(), anything_goes)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(InvalidInput) as caught:
        SqliteLedger(tmp_path / "file" / "ledger.sqlite")
    assert caught.value.code == "ledger_unwritable"


def test_no_question_reads_all_runs(ledger: SqliteLedger) -> None:
    pushed(ledger)
    asked: list[str] = []
    connection = ledger._connection
    connection.set_trace_callback(asked.append)
    ledger.runs("kaggle", "ada", kernel=KERNEL, limit=20)
    ledger.unfinished_runs("kaggle", "ada")
    ledger.usage("kaggle", "ada", NOW, NOW + 7 * 86400)
    ledger.past_runs("kaggle", KERNEL, "gpu")
    ledger.same_script_runs("kaggle", "ada", "none")
    ledger.latest("kaggle", KERNEL)
    connection.set_trace_callback(None)
    assert len(asked) == 6
    for question in asked:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {question}")]
        assert not [step for step in plan if step.startswith("SCAN runs")], (question, plan)


def test_of_ten_thousand_runs_the_newest_come_first(path: Path) -> None:
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


def test_nothing_secret_has_a_place_in_it(path: Path) -> None:
    SqliteLedger(path).close()
    connection = sqlite3.connect(path)
    tables = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    words = json.dumps(tables).lower()
    assert not [word for word in ("token", "key_", "secret", "password") if word in words]


def test_a_kernel_moved_by_its_title_is_kept_under_its_new_name(ledger: SqliteLedger) -> None:
    run = ledger.admit(intent_to_push(), anything_goes)
    moved = KernelRef("ada", "trucks")
    assert ledger.record_version(run.id, moved, 1, NOW).name == "ada/trucks/1"
