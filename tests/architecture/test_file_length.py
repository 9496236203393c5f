"""How long a file may be: one sitting."""

from __future__ import annotations

from pathlib import Path

from support.source_files import PROJECT, expect_none, place, python_files

FOLDERS = ("kitctl", "kernel", "datasets", "benchmarks", "tests")
LONGEST = 300
LONGEST_EXCEPTION = 400
MOST_EXCEPTIONS = 5
# A longer file → why it reads better whole.
EXCEPTIONS: dict[str, str] = {}


def lines_of(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_a_file_has_at_most_300_lines() -> None:
    too_long = [
        f"{place(path, lines_of(path))}: more than {LONGEST} lines; split it by what it does"
        for path in python_files(*FOLDERS)
        if lines_of(path) > LONGEST and place(path) not in EXCEPTIONS
    ]
    expect_none(too_long)


def test_exceptions_are_few_and_each_is_needed() -> None:
    assert len(EXCEPTIONS) <= MOST_EXCEPTIONS
    for name, reason in EXCEPTIONS.items():
        assert reason, f"{name}: say why it may be longer"
        lines = lines_of(PROJECT / name)
        assert lines > LONGEST, f"{name} has {lines} lines: take it out of EXCEPTIONS"
        assert lines <= LONGEST_EXCEPTION, f"{name} has {lines} lines: split it"
