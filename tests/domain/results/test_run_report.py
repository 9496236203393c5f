"""What a run says of itself, also when it says it badly."""

from __future__ import annotations

import json

import pytest

from kitctl.domain.results.run_report import Unreadable, facts, metrics, parse_object, read_object
from kitctl.domain.runs.run import Facts

REPORT = {
    "started_at": "2026-11-10T10:00:00Z",
    "ended_at": "2026-11-10T11:00:00+00:00",
    "epochs": 30,
    "epoch_seconds": 2.5,
    "saved_seconds": 0,
    "seconds": {"total": 99.0, "setup": 4.0, "photos": 3.0, "base": 2.0, "features": 1.0},
    "photos": {"train": {"Car": 5, "Truck": 6}, "valid": {"Car": 2, "Truck": 2}},
}


def test_the_report_becomes_facts_for_the_ledger() -> None:
    assert facts(REPORT) == Facts(
        program_started_at=1794304800.0,
        program_ended_at=1794308400.0,
        epochs_done=30,
        photos=15,
        photo_seconds=6.0,
        epoch_seconds=2.5,
        saved_seconds=0.0,
    )


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"epochs": "many", "seconds": 3, "photos": {"train": 1}}',
        json.dumps({"epochs": True, "started_at": 7, "seconds": {"setup": None}}).encode(),
    ],
)
def test_a_report_that_cannot_be_read_gives_no_facts(content: bytes | None) -> None:
    assert facts(read_object(content)) == Facts()


@pytest.mark.parametrize(
    "values",
    [
        '{"epochs": 1e999, "epoch_seconds": NaN, "saved_seconds": -Infinity}',
        f'{{"epochs": {"9" * 400}, "photos": {{"train": {{"Car": {"9" * 4000}}}}}}}',
        '{"epochs": 1e300, "seconds": {"photos": 1e18}, "started_at": "0001-01-01T00:00+23:59"}',
    ],
)
def test_numbers_that_the_ledger_cannot_hold_are_no_facts(values: str) -> None:
    known = facts(read_object(values.encode()))
    assert (known.epochs_done, known.epoch_seconds, known.saved_seconds) == (None, None, None)
    assert (known.photos or 0, known.photo_seconds) == (0, None)


def test_nested_metrics_are_left_out() -> None:
    content = {"loss": 0.5, "best_epoch": 3, "words": "fits", "nested": {"a": 1}, "none": None}
    assert metrics(content) == {"loss": 0.5, "best_epoch": 3, "words": "fits", "none": None}


def test_half_of_a_character_becomes_a_question_mark_in_names_and_values() -> None:
    content = b'{"loss \\udc80": "\\uD83D", "whole": ["\\ud83d\\ude00"], "x": NaN}'
    values = parse_object(content)
    assert list(values) == ["loss ?", "whole", "x"]
    assert (values["loss ?"], values["whole"]) == ("?", ["\U0001f600"])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[" * 100_000, "nested"),
        (b'{"a": ' * 100_000, "nested"),
        (b'"' + b"x" * 5_000_000 + b'"', "larger"),
        (b"{", "no JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "no JSON"),
        (b"[1]", "no JSON object"),
        (b"", "no JSON"),
    ],
)
def test_what_cannot_be_read_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        parse_object(content)
    assert read_object(content) == {}
