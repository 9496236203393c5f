"""A running session's log as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from kitctl.local.http.log_stream import LogStream


def events(file: Path, has_ended: Callable[[], bool], **options: float) -> list[str]:
    async def read() -> list[str]:
        stream = LogStream(file, has_ended, **options)
        return [str(part) async for part in stream.body_iterator]

    return asyncio.run(read())


def test_each_line_is_an_event_and_the_end_is_one_too(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text('{"data": "one"}\n{"data": "two"}\n', encoding="utf-8")
    assert "".join(events(file, lambda: True)).split("\n\n") == [
        'data: {"data": "one"}',
        'data: {"data": "two"}',
        "data: END_OF_LOG",
        "",
    ]


def test_the_stream_of_a_quiet_run_is_kept_alive_by_comments(tmp_path: Path) -> None:
    answers = iter([False, False, True])
    parts = events(tmp_path / "log.jsonl", lambda: next(answers), keep_alive_seconds=0.1)
    assert parts == [": still running\n\n", "data: END_OF_LOG\n\n"]
