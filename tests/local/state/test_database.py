"""Transactions of the local Kaggle's database, and what a restart finds in it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kitctl.local.state.database import Database

INSERT = "INSERT INTO settings VALUES (?, ?)"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "kaggle.sqlite")
    yield database
    database.close()


def names(database: Database) -> list[str]:
    return [row["name"] for row in database.fetch_all("SELECT name FROM settings ORDER BY name")]


def test_a_failed_transaction_changes_nothing(database: Database) -> None:
    with pytest.raises(ValueError, match="in the block"), database.transaction():
        database.execute(INSERT, "a", "1")
        raise ValueError("in the block")
    assert names(database) == []


def test_a_nested_transaction_is_part_of_the_outer_one(database: Database) -> None:
    with pytest.raises(ValueError, match="outer"), database.transaction():
        with database.transaction():
            database.execute(INSERT, "a", "1")
        raise ValueError("outer")
    assert names(database) == []


def test_what_is_committed_is_there_after_a_restart(tmp_path: Path) -> None:
    first = Database(tmp_path / "kaggle.sqlite")
    with first.transaction():
        first.execute(INSERT, "a", "1")
    first.close()
    second = Database(tmp_path / "kaggle.sqlite")
    assert names(second) == ["a"]
    second.close()


def test_threads_take_turns_in_transactions(database: Database) -> None:
    database.execute(INSERT, "counter", "0")

    def count() -> None:
        for _ in range(50):
            with database.transaction():
                row = database.fetch_one("SELECT value FROM settings")
                assert row is not None
                database.execute("UPDATE settings SET value = ?", int(row["value"]) + 1)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row = database.fetch_one("SELECT value FROM settings")
    assert row is not None and int(row["value"]) == 200


def test_a_row_that_is_not_there_is_none(database: Database) -> None:
    assert database.fetch_one("SELECT * FROM kernels") is None


def test_clear_deletes_all_rows_and_ids_start_again(database: Database) -> None:
    kernel = "INSERT INTO kernels (owner, slug, title, is_private, created_at) VALUES (?,?,?,?,?)"
    assert database.execute(kernel, "ada", "one", "One", 0, 0.0) == 1
    assert database.execute(kernel, "ada", "two", "Two", 0, 0.0) == 2
    database.clear()
    assert database.execute(kernel, "ada", "one", "One", 0, 0.0) == 1
