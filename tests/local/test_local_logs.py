"""A log between the thread that writes it and those who follow it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from kitctl.local.http.log_stream import LogStream
from kitctl.local.runs import logs


async def followed(file: Path, steps: list[tuple[str, str] | None]) -> list[str]:
    """What is sent when, at each look, one more of these lines has been written (None: the end)."""

    def ended() -> bool:
        step = steps.pop(0)
        if step is not None:
            with logs.LogWriter(file, lambda: 1.5) as log:
                log.write(*step)
        return step is None or not steps

    sent = [part async for part in LogStream(file, ended).body_iterator]
    return "".join(str(part) for part in sent).split("\n\n")[:-1]


def test_the_last_line_before_the_end_is_sent(tmp_path: Path) -> None:
    steps = [("stdout", "one\n"), ("stderr", "zwei ü\n"), ("stdout", "last\n")]
    *events, end = asyncio.run(followed(tmp_path / "log.jsonl", [*steps]))
    entries = [json.loads(event.removeprefix("data: ")) for event in events]
    assert [(entry["stream_name"], entry["data"]) for entry in entries] == steps
    assert end == "data: END_OF_LOG"


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text('{"data": "ha', encoding="utf-8")
    looks = iter([False, True])

    def ended() -> bool:
        over = next(looks)
        if over:
            file.write_text('{"data": "half"}\n', encoding="utf-8")
        return over

    async def follow() -> list[str]:
        return [str(part) async for part in LogStream(file, ended).body_iterator]

    assert asyncio.run(follow()) == ['data: {"data": "half"}\n\n', "data: END_OF_LOG\n\n"]


def test_a_log_that_was_never_written_is_empty(tmp_path: Path) -> None:
    assert logs.read_all(tmp_path / "log.jsonl") == "[]"
