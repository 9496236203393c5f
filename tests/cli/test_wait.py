"""`kitctl wait`, through the local Kaggle."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import Kitctl, write_script
from support.local_kaggle import LocalKaggle


def test_wait_ends_with_the_run(kitctl: Kitctl) -> None:
    kitctl("push", "--local")
    state = kitctl("wait", "--local", "--json").data
    assert (state["run"], state["status"]) == ("local/small-job/1", "COMPLETE")
    assert "complete" in kitctl("wait", "--local").out


def test_wait_exits_with_6_when_the_run_fails(kitctl: Kitctl, project: Path) -> None:
    write_script(project, "raise SystemExit(1)")
    kitctl("push", "--local")
    assert kitctl("wait", "--local").code == 6


def test_wait_exits_with_7_when_its_timeout_is_over(kitctl: Kitctl, project: Path) -> None:
    write_script(project, "import time; time.sleep(600)")
    kitctl("push", "--local")
    call = kitctl("wait", "--timeout", "1s", "--local", "--json")
    assert (call.code, call.error["code"]) == (7, "wait_timeout")
    assert call.error["hint"] == "kitctl wait --local --timeout 1s 1"


def test_wait_refuses_a_timeout_that_is_no_duration(kitctl: Kitctl) -> None:
    call = kitctl("wait", "--timeout", "x", "--local", "--json")
    assert (call.code, call.error["code"]) == (2, "bad_timeout")


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_run_that_kaggle_does_not_show_yet_is_waited_for(
    kitctl: Kitctl, local_kaggle: LocalKaggle, status: int
) -> None:
    local_kaggle.hide_new_versions(1.5, status)
    kitctl("push", "--local")
    shown = kitctl("status", "--local")
    assert (shown.code, "Kaggle does not show it" in shown.out) == (0, True)
    call = kitctl("wait", "--local")
    assert call.code == 0
    assert "not shown yet" in call.err


def test_wait_takes_several_runs_and_exits_as_the_worst_of_them(
    kitctl: Kitctl, local_kaggle: LocalKaggle
) -> None:
    for slug, script in (("good-one", "print(1)"), ("bad-one", "raise SystemExit(2)")):
        local_kaggle.push(slug, script)
    waited = kitctl("wait", "--local", "--json", "local/good-one", "local/bad-one/1")
    assert waited.code == 6
    runs = waited.envelope["data"]["runs"]
    assert [(run["run"], run["status"]) for run in runs] == [
        ("local/good-one/1", "COMPLETE"),
        ("local/bad-one/1", "ERROR"),
    ]
    shown = kitctl("wait", "--local", "local/good-one", "local/good-one/1")
    assert (shown.code, shown.out.count("complete")) == (0, 2)
