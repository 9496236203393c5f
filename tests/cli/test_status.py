"""`kitctl status`, through the local Kaggle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command_line import Kitctl, write_script
from support.local_kaggle import LocalKaggle
from support.local_setup import LAST_WEEK


def test_status_shows_a_run_that_ended_well(kitctl: Kitctl) -> None:
    kitctl("push", "--local")
    kitctl("wait", "--local")
    state = kitctl("status", "1", "--local", "--json").data
    assert (state["run"], state["status"]) == ("local/small-job/1", "COMPLETE")
    assert state["failure_message"] is None
    assert state["queued_seconds"] >= 0 and state["running_seconds"] >= 0
    assert kitctl("status", "--local").out.startswith("local/small-job/1 ✓ complete")


def test_status_exits_with_6_for_a_failed_run(kitctl: Kitctl, project: Path) -> None:
    write_script(project, "raise SystemExit(1)")
    kitctl("push", "--local")
    kitctl("wait", "--local")
    state = kitctl("status", "--local", "--json")
    assert (state.code, state.data["status"]) == (6, "ERROR")
    assert state.error["hint"].startswith("kitctl pull-results --local 1 ")


def test_status_of_a_fully_named_run_needs_no_project(
    kitctl: Kitctl, local_kaggle: LocalKaggle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local_kaggle.seed("elsewhere", **LAST_WEEK)
    monkeypatch.chdir(tmp_path / "home")
    assert kitctl("status", "local/elsewhere/1", "--local").code == 0


def test_status_in_a_project_without_runs_names_push(kitctl: Kitctl) -> None:
    call = kitctl("status", "--local", "--json")
    assert (call.code, call.error["code"]) == (3, "no_run")
    assert call.error["hint"] == "kitctl push --local   (starts one)"


@pytest.mark.parametrize("run", ["last", "0", "a/b/c/d"])
def test_status_refuses_what_names_no_run(kitctl: Kitctl, run: str) -> None:
    call = kitctl("status", run, "--local", "--json")
    assert call.code == 2
    assert "kitctl runs --local" in call.error["hint"]


def test_a_run_that_ended_unwatched_has_the_seconds_of_its_log(
    kitctl: Kitctl, local_kaggle: LocalKaggle
) -> None:
    kitctl("push", "--local")
    local_kaggle.wait("small-job")
    local_kaggle.advance(98)
    state = kitctl("status", "--local", "--json").data
    assert (state["time_source"], state["running_seconds"] < 20) == ("log", True)
    assert kitctl("runs", "--local", "--json").data["runs"][0]["running_seconds"] < 20


def test_half_a_character_in_kaggles_words_is_kept_as_its_number(
    kitctl: Kitctl, local_kaggle: LocalKaggle
) -> None:
    kitctl("push", "--local")
    words = json.dumps({"status": "ERROR", "failureMessage": "broken \ud83d here"})
    local_kaggle.answer("GetKernelSessionStatus", words, count=None)
    call = kitctl("status", "--local", "--json")
    assert call.code == 6
    assert call.data["failure_message"] == "broken \\ud83d here"
    assert "broken \\ud83d here" in kitctl("status", "--local").err
