"""The ledger's file: several programs at once, kills, damage, permissions, indexes."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.jobs import KERNEL, intent_to_push
from support.programs import finish_together, start_program

from kitctl.adapters.ledger import SqliteLedger
from kitctl.domain.runs.groups import GroupKey, GroupKind
from kitctl.domain.runs.run import Run
from kitctl.errors import InvalidInput, Refused

NOW = 1_795_000_000.0


def allow(pending: Sequence[Run]) -> None:
    pass


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ledger.sqlite"


def test_only_one_of_several_pushes_at_once_is_admitted_where_one_fits(path: Path) -> None:
    SqliteLedger(path).close()
    program = (
        "import sys, pathlib\n"
        "from support.jobs import intent_to_push\n"
        "from kitctl.adapters.ledger import SqliteLedger\n"
        "from kitctl.errors import Refused\n"
        "def allow_one(pending):\n"
        "    if pending: raise Refused('full')\n"
        "with SqliteLedger(pathlib.Path(sys.argv[1])) as ledger:\n"
        "    print('ready', flush=True); sys.stdin.readline()\n"
        "    try: ledger.admit(intent_to_push(sys.argv[2]), allow_one); print('in')\n"
        "    except Refused: print('out')\n"
    )
    programs = [start_program(program, str(path), str(number)) for number in range(6)]
    assert finish_together(programs) == ["in"] + ["out"] * 5


def test_a_kill_undoes_the_change_that_was_not_finished_and_no_other(path: Path) -> None:
    program = (
        "import sys, pathlib, time\n"
        "from support.jobs import intent_to_push\n"
        "from kitctl.adapters.ledger import SqliteLedger\n"
        "ledger = SqliteLedger(pathlib.Path(sys.argv[1]))\n"
        "ledger.admit(intent_to_push('written'), lambda pending: None)\n"
        "def wait(pending):\n"
        "    print('in a transaction', flush=True); time.sleep(600)\n"
        "ledger.admit(intent_to_push('never written'), wait)\n"
    )
    with start_program(program, str(path)) as killed:
        assert killed.stdout and killed.stdout.readline() == "in a transaction\n"
        killed.kill()
        killed.wait(30)
    with SqliteLedger(path) as ledger:
        (run,) = ledger.unfinished_runs("kaggle", "ada")
        assert run.intent.source_sha256 == intent_to_push("written").source_sha256
        ledger.admit(intent_to_push("the lock is free"), allow)


def test_only_the_user_can_read_the_file_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        with SqliteLedger(path) as ledger:
            ledger.admit(intent_to_push(), allow)
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_damaged_ledger_is_reported_and_not_changed(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database " * 300)
    with pytest.raises(InvalidInput) as caught:
        SqliteLedger(path)
    assert caught.value.code == "ledger_corrupt"
    assert path.read_bytes().startswith(b"this is no database")


def test_a_ledger_of_a_newer_kitctl_is_refused(path: Path) -> None:
    SqliteLedger(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(InvalidInput) as caught:
        SqliteLedger(path)
    assert caught.value.code == "ledger_newer"


def test_a_ledger_that_stays_locked_is_reported_as_busy(path: Path) -> None:
    with SqliteLedger(path, busy_seconds=0.1) as ledger:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Refused) as caught:
            ledger.admit(intent_to_push(), allow)
        other.execute("ROLLBACK")
        other.close()
        assert caught.value.code == "ledger_busy"
        ledger.admit(intent_to_push(), allow)


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(InvalidInput) as caught:
        SqliteLedger(tmp_path / "file" / "ledger.sqlite")
    assert caught.value.code == "ledger_unwritable"


def test_no_query_reads_all_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[str] = []
    connect = sqlite3.connect

    def connect_traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect_traced)
    with SqliteLedger(path) as ledger:
        ledger.admit(intent_to_push(), allow)
        statements.clear()
        ledger.runs("kaggle", "ada", kernel=KERNEL, limit=20)
        ledger.unfinished_runs("kaggle", "ada")
        ledger.usage("kaggle", "ada", NOW, NOW + 7 * 86400)
        ledger.past_runs("kaggle", KERNEL, "gpu")
        ledger.same_script_runs("kaggle", "ada", "none")
        ledger.latest("kaggle", KERNEL)
        ledger.runs_of_lines("kaggle", kernel=KERNEL, limit=20)
        ledger.group_usage("kaggle", [GroupKey(GroupKind.CHAIN, "none")])
    assert len(statements) == 8
    connection = connect(path)
    for statement in statements:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
        assert not [step for step in plan if step.startswith("SCAN runs")], (statement, plan)
    connection.close()


def test_no_column_is_for_secrets(path: Path) -> None:
    SqliteLedger(path).close()
    connection = sqlite3.connect(path)
    tables = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    words = json.dumps(tables).lower()
    assert not [word for word in ("token", "key_", "secret", "password") if word in words]
