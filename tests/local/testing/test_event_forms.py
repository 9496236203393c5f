"""The fault "events": other forms of a log stream's events."""

from __future__ import annotations

import json

import pytest
from support.local_kaggle import AnsweredError, LocalKaggle

STREAM = "/api/v1/kernels/logs/stream/local/one-job"
SCRIPT = "import time\nprint('one', flush=True)\nprint('two', flush=True)\ntime.sleep(0.5)"


def events(server: LocalKaggle) -> list[str]:
    """Return the data of each event but the last one, which says that the log has ended."""
    text = server.open(STREAM).read().decode()
    parts = [part for part in text.split("\n\n") if part and not part.startswith(":")]
    assert parts.pop() == "data: END_OF_LOG"
    return [part.removeprefix("data:").strip(" ") for part in parts]


def test_an_event_may_hold_a_line_without_its_line_break(local_kaggle: LocalKaggle) -> None:
    local_kaggle.change_events("no_newline")
    local_kaggle.push("one-job", SCRIPT)
    assert [json.loads(event)["data"] for event in events(local_kaggle)] == ["one", "two"]


def test_an_event_may_hold_plain_text_instead_of_json(local_kaggle: LocalKaggle) -> None:
    local_kaggle.change_events("plain")
    local_kaggle.push("one-job", SCRIPT)
    assert events(local_kaggle) == ["one", "two"]


def test_empty_events_may_come_between_others(local_kaggle: LocalKaggle) -> None:
    local_kaggle.change_events("empty")
    local_kaggle.push("one-job", SCRIPT)
    received = events(local_kaggle)
    assert [event for event in received if not event] == [""] * 4
    assert [json.loads(event)["data"] for event in received if event] == ["one\n", "two\n"]


def test_the_log_of_a_finished_run_keeps_its_form(local_kaggle: LocalKaggle) -> None:
    local_kaggle.change_events("plain")
    local_kaggle.seed("one-job", log=[{"stream_name": "stdout", "time": 1, "data": "x\n"}])
    assert json.load(local_kaggle.open(STREAM))[0]["data"] == "x\n"


def test_an_unknown_form_is_refused(local_kaggle: LocalKaggle) -> None:
    with pytest.raises(AnsweredError, match="form of events"):
        local_kaggle.change_events("sonnet")
