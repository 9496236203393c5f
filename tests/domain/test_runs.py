"""How runs are named, and what their states mean."""

from __future__ import annotations

import json

import pytest

from kitctl.domain.run_times import Phase
from kitctl.domain.runs import KernelRef, RunName, RunRef, Status, notebook_text, source_sha256
from kitctl.errors import UsageError


@pytest.mark.parametrize("text", ["7", "v7", " v7 "])
def test_a_version_names_a_run_of_this_project(text: str) -> None:
    assert RunName.parse(text) == RunName(None, 7)


@pytest.mark.parametrize("text", ["ada/car-or-truck/7", "ada/car-or-truck/v7"])
def test_owner_slug_and_version_name_any_run(text: str) -> None:
    assert RunName.parse(text) == RunName(KernelRef("ada", "car-or-truck"), 7)


def test_no_name_is_the_latest() -> None:
    assert RunName.parse(None) == RunName()


@pytest.mark.parametrize(
    "text",
    ["", "0", "v", "-1", "1.5", "latest", "ada/car", "/car/1", "ada//1", "a/b/c/1", "../x/1"],
)
def test_anything_else_names_no_run(text: str) -> None:
    with pytest.raises(UsageError):
        RunName.parse(text)


def test_a_run_is_asked_for_by_its_label() -> None:
    run = RunRef(KernelRef.parse("ada/cars"), 3)
    assert (run.label, str(run)) == ("v3", "ada/cars/3")


@pytest.mark.parametrize(
    ("status", "ended", "exit_code", "phase"),
    [
        (Status.SENDING, False, 0, Phase.QUEUED),
        (Status.QUEUED, False, 0, Phase.QUEUED),
        (Status.RUNNING, False, 0, Phase.RUNNING),
        (Status.CANCEL_REQUESTED, False, 0, Phase.RUNNING),
        (Status.COMPLETE, True, 0, Phase.ENDED),
        (Status.ERROR, True, 6, Phase.ENDED),
        (Status.CANCEL_ACKNOWLEDGED, True, 7, Phase.ENDED),
        (Status.NEW_SCRIPT, True, 0, Phase.ENDED),
    ],
)
def test_what_each_state_means(status: Status, ended: bool, exit_code: int, phase: Phase) -> None:
    assert (status.ended, status.exit_code, status.phase) == (ended, exit_code, phase)


def test_every_state_is_tested_above() -> None:
    assert len(Status) == 8


def test_line_ends_do_not_make_another_source() -> None:
    assert source_sha256("a\r\nb\r\n") == source_sha256("a\nb")
    assert source_sha256("a\nb") != source_sha256("a\nc")


def test_a_notebook_is_the_same_source_however_it_is_written() -> None:
    cell = {"cell_type": "code", "source": ["a\n", "b"], "outputs": [1], "metadata": {"x": 1}}
    notebook = json.dumps({"cells": [cell], "nbformat": 4}, indent=1)
    assert source_sha256(notebook) == source_sha256(notebook_text(notebook))
    other = notebook.replace('"b"', '"c"')
    assert source_sha256(other) != source_sha256(notebook)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": 1}'])
def test_what_is_no_notebook_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError):
        notebook_text(text)
