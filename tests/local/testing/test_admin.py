"""`/_local/…`: settings and clock of the local Kaggle, set by tests."""

from __future__ import annotations

import pytest
from support.local_kaggle import AnsweredError, LocalKaggle


def test_health_names_the_process_the_folder_and_the_account(local_kaggle: LocalKaggle) -> None:
    assert local_kaggle.admin("health") == {
        "pid": local_kaggle.process.pid,
        "state": str(local_kaggle.state),
        "account": "local",
        "unfinishedSessions": 0,
    }


def test_a_changed_setting_is_returned_with_all_others(local_kaggle: LocalKaggle) -> None:
    before = local_kaggle.settings()
    assert local_kaggle.settings(url_seconds=5) == {**before, "url_seconds": 5}


def test_an_unknown_setting_is_refused(local_kaggle: LocalKaggle) -> None:
    with pytest.raises(AnsweredError, match="No setting is called"):
        local_kaggle.settings(gravity=9.81)


def test_a_setting_that_is_no_number_is_refused(local_kaggle: LocalKaggle) -> None:
    with pytest.raises(AnsweredError, match="must be a number"):
        local_kaggle.admin("settings", url_seconds="long")


def test_the_clock_can_be_set_and_advanced(local_kaggle: LocalKaggle) -> None:
    local_kaggle.set_clock("2026-11-20T23:59:00Z")
    local_kaggle.advance(60)
    assert local_kaggle.now().startswith("2026-11-21T00:00:0")


def test_reset_deletes_kernels_settings_and_faults(local_kaggle: LocalKaggle) -> None:
    defaults = local_kaggle.settings()
    local_kaggle.seed("old-one")
    local_kaggle.settings(url_seconds=5)
    local_kaggle.fault("status", "ListKernels", count=None)
    local_kaggle.reset()
    assert local_kaggle.call("ListKernels")["kernels"] == []
    assert local_kaggle.settings()["url_seconds"] == defaults["url_seconds"]
    assert local_kaggle.calls("ListKernels") == 1


def test_an_unknown_control_method_is_not_found(local_kaggle: LocalKaggle) -> None:
    with pytest.raises(AnsweredError) as answered:
        local_kaggle.admin("coffee")
    assert answered.value.status == 404
