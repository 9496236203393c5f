"""`kitctl cancel`, through the local Kaggle."""

from __future__ import annotations

from pathlib import Path

from support.command_line import PRINT_SESSION, Kitctl, write_script
from support.local_kaggle import LocalKaggle, until


def test_cancel_stops_the_run_and_later_commands_exit_with_7(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, f"{PRINT_SESSION}time.sleep(600)")
    kitctl("push", "--local")
    until(lambda: local_kaggle.status("small-job") == "RUNNING")
    cancelled = kitctl("cancel", "--local", "--json")
    assert cancelled.code == 0
    assert cancelled.data["run"] == "local/small-job/1"
    assert cancelled.data["status"] == "CANCEL_ACKNOWLEDGED"
    assert "✗ cancelled" in kitctl("status", "--local").out
    assert kitctl("status", "--local").code == 7
    assert kitctl("pull-results", "--local").code == 7


def test_cancel_of_a_run_that_has_ended_changes_nothing(kitctl: Kitctl) -> None:
    kitctl("push", "--local")
    kitctl("wait", "--local")
    cancelled = kitctl("cancel", "--local")
    assert cancelled.code == 0
    assert "had ended already" in cancelled.out
