"""Pushes with words of the user's own, and pushes that run nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import Kitctl, write_script
from support.local_kaggle import LocalKaggle


def test_the_name_and_the_message_of_a_push_are_kept_and_shown(kitctl: Kitctl) -> None:
    words = ("--name", "baseline", "-m", "the learning\n  rate of the paper")
    pushed = kitctl("push", "--local", "--json", *words).data
    assert (pushed["name"], pushed["message"]) == ("baseline", "the learning rate of the paper")
    (run,) = kitctl("runs", "--local", "--json").data["runs"]
    assert (run["name"], run["message"]) == ("baseline", "the learning rate of the paper")
    assert "baseline" in kitctl("runs", "--local").out


@pytest.mark.parametrize("command", ["status", "logs", "pull-results"])
def test_what_was_only_saved_is_called_that(kitctl: Kitctl, project: Path, command: str) -> None:
    write_script(project, "print(1)")
    assert kitctl("push", "--local", "--no-run").code == 0
    refused = kitctl(command, "--local", "--json")
    assert (refused.code, refused.error["code"]) == (3, "not_run")
    assert "kitctl push --local" in refused.error["hint"]


@pytest.mark.parametrize("option", ["--name", "--message"])
def test_a_credential_is_no_word_on_a_run(
    kitctl: Kitctl, local_kaggle: LocalKaggle, option: str
) -> None:
    key = "KGAT_" + "0123456789abcdef" * 2
    refused = kitctl("push", "--local", "--json", option, key)
    assert refused.code == 2 and key not in refused.out
    assert local_kaggle.calls("SaveKernel") == 0


def test_a_version_that_is_only_saved_runs_nothing_and_stops_no_later_push(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    saved = kitctl("push", "--local", "--no-run", "--json").data
    assert (saved["run"], saved["started"]) == ("local/small-job/1", False)
    stored = local_kaggle.call("GetKernel", userName="local", kernelSlug="small-job")
    assert stored["blob"]["source"] == "print('hello')"
    again = kitctl("push", "--local", "--no-run")
    assert (again.code, "local/small-job/2 \u2713 saved" in again.out) == (0, True)
    assert [run["status"] for run in kitctl("runs", "--local", "--json").data["runs"]] == [
        "NEW_SCRIPT",
        "NEW_SCRIPT",
    ]
    pushed = kitctl("push", "--local", "--json")
    assert (pushed.code, pushed.data["version"], pushed.data["started"]) == (0, 3, True)
    kitctl("push", "--local", "--no-run")
    # The latest run is the latest that ran.
    assert kitctl("wait", "--local", "--json").data["version"] == 3


@pytest.mark.parametrize("option", ["--follow", "--replace", "--when-free"])
def test_no_run_leaves_nothing_to_follow_replace_or_wait_for(kitctl: Kitctl, option: str) -> None:
    assert kitctl("push", "--local", "--no-run", option).code == 2


def test_the_cause_of_a_failed_run_stands_in_every_command(kitctl: Kitctl, project: Path) -> None:
    write_script(project, "def load():\n    raise ValueError('no photos here')\nload()\n")
    cause = "ValueError: no photos here"
    followed = kitctl("push", "--local", "--follow", "--json").envelope
    assert followed["data"]["error_line"] == cause and cause in followed["error"]["message"]
    for command in ("status", "wait", "pull-results"):
        shown = kitctl(command, "--local", "--json").envelope
        assert shown["data"]["error_line"] == cause, command
        assert cause in shown["error"]["message"]
        assert f"local/small-job/1 failed: {cause}" in kitctl(command, "--local").err
    (run,) = kitctl("runs", "--local", "--json").data["runs"]
    assert run["error_line"] == cause


def test_the_cause_is_found_of_a_run_that_was_pushed_elsewhere(
    kitctl: Kitctl, local_kaggle: LocalKaggle
) -> None:
    local_kaggle.push("elsewhere", "import no_such_module")
    local_kaggle.wait("elsewhere")
    shown = kitctl("status", "--local", "--json", "local/elsewhere").envelope
    assert shown["data"]["error_line"] == ("ModuleNotFoundError: No module named 'no_such_module'")
