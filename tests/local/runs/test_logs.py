"""A log between the thread that writes it and those who read it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from kitctl.local.runs import logs


def followed(file: Path, has_ended: Callable[[], bool]) -> list[list[str]]:
    """Return what each look at the log yields."""

    async def follow() -> list[list[str]]:
        return [lines async for lines in logs.follow(file, has_ended)]

    return asyncio.run(follow())


def test_a_line_written_between_the_last_look_and_the_end_is_read(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    lines = [("stdout", "one\n"), ("stderr", "zwei ü\n"), ("stdout", "last\n")]
    pending = [*lines]

    def has_ended() -> bool:
        with logs.LogWriter(file, lambda: 1.5) as log:
            log.write(*pending.pop(0))
        return not pending

    entries = [json.loads(line) for look in followed(file, has_ended) for line in look]
    assert [(entry["stream_name"], entry["data"]) for entry in entries] == lines
    assert {entry["time"] for entry in entries} == {1.5}


def test_half_a_line_is_not_read_before_its_end_is_written(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text('{"data": "ha', encoding="utf-8")
    answers = iter([False, True])

    def has_ended() -> bool:
        is_last = next(answers)
        if is_last:
            file.write_text('{"data": "half"}\n', encoding="utf-8")
        return is_last

    assert followed(file, has_ended) == [[], ['{"data": "half"}']]


def test_a_log_that_was_never_written_is_empty(tmp_path: Path) -> None:
    assert logs.read_all(tmp_path / "log.jsonl") == "[]"
    assert followed(tmp_path / "log.jsonl", lambda: True) == [[]]


def test_a_whole_log_is_one_json_array(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    with logs.LogWriter(file, lambda: 0.25) as log:
        log.write("stdout", "a\n")
        log.write("stderr", "b\n")
    assert json.loads(logs.read_all(file)) == [
        {"stream_name": "stdout", "time": 0.25, "data": "a\n"},
        {"stream_name": "stderr", "time": 0.25, "data": "b\n"},
    ]
