"""How runs are named, and what their states mean."""

from __future__ import annotations

import pytest

from kitctl.domain.runs.run import KernelRef, RunName, RunRef, Status
from kitctl.domain.runs.run_times import Phase
from kitctl.errors import UsageError


@pytest.mark.parametrize("text", ["7", "v7", " v7 "])
def test_a_version_names_a_run_of_this_project(text: str) -> None:
    assert RunName.parse(text) == RunName(None, 7)


@pytest.mark.parametrize("text", ["ada/car-or-truck/7", "ada/car-or-truck/v7"])
def test_owner_slug_and_version_name_any_run(text: str) -> None:
    assert RunName.parse(text) == RunName(KernelRef("ada", "car-or-truck"), 7)


def test_owner_and_slug_name_the_latest_run_of_any_kernel() -> None:
    assert RunName.parse("ada/car-or-truck") == RunName(KernelRef("ada", "car-or-truck"), None)


def test_without_a_name_the_latest_run_is_meant() -> None:
    assert RunName.parse(None) == RunName()


@pytest.mark.parametrize(
    "text",
    [
        *("", "0", "v", "-1", "1.5", "latest", "ada/", "/car", "/car/1", "ada//1", "a/b/c/1"),
        *("../x/1", "9" * 20, f"ada/car/{'9' * 20}"),
    ],
)
def test_a_text_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        RunName.parse(text)


def test_a_version_is_requested_by_its_label() -> None:
    run = RunRef(KernelRef.parse("ada/cars"), 3)
    assert (run.label, str(run)) == ("v3", "ada/cars/3")


@pytest.mark.parametrize(
    ("status", "ended", "phase"),
    [
        (Status.SENDING, False, Phase.QUEUED),
        (Status.QUEUED, False, Phase.QUEUED),
        (Status.RUNNING, False, Phase.RUNNING),
        (Status.CANCEL_REQUESTED, False, Phase.RUNNING),
        (Status.COMPLETE, True, Phase.ENDED),
        (Status.ERROR, True, Phase.ENDED),
        (Status.CANCEL_ACKNOWLEDGED, True, Phase.ENDED),
        (Status.NEW_SCRIPT, True, Phase.ENDED),
    ],
)
def test_each_state_has_its_phase_and_may_be_an_end(
    status: Status, ended: bool, phase: Phase
) -> None:
    assert (status.ended, status.phase) == (ended, phase)


def test_every_state_is_tested_above() -> None:
    assert len(Status) == 8


def test_a_cancelled_run_is_called_cancelled_to_people() -> None:
    assert Status.CANCEL_ACKNOWLEDGED.label == "cancelled"
    assert Status.CANCEL_REQUESTED.label == "cancel requested"
