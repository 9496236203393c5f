"""What a run says of itself, also when it says it badly."""

from __future__ import annotations

import json

import pytest

from kitctl.domain.run_report import facts, history, metrics, read_object
from kitctl.domain.runs import Facts

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


def test_nested_metrics_are_left_out() -> None:
    content = b'{"loss": 0.5, "best_epoch": 3, "words": "fits", "nested": {"a": 1}, "none": null}'
    assert metrics(content) == {"loss": 0.5, "best_epoch": 3, "words": "fits", "none": None}


def test_the_history_is_read_by_column_without_incomplete_rows() -> None:
    content = b"epoch,loss\n1,0.7\n2,0.5\n3,"
    assert history(content) == {"epoch": [1.0, 2.0], "loss": [0.7, 0.5]}
    assert history(None) == {} and history(b"\xff\xfe,,\n") == {}
