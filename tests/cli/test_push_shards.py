"""`kitctl push --shards`: one script that runs several times, each time on its part."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.command_line import CommandCall, Kitctl, write_script
from support.local_kaggle import LocalKaggle
from support.machines import use_another_machine

# Writes the numbers of its part; a part may do more.
NUMBERS = """
import os
number, count = map(int, os.environ["KITCTL_SHARD"].split("/"))
mine = range(12)[number - 1 :: count]
open(f"part-{number}.txt", "w").write(" ".join(map(str, mine)))
"""
SHARDS = ("push", "--local", "--json", "--shards")
GPU = {"enable_gpu": "true", "machine_shape": "NvidiaTeslaT4"}


def states(data: Any) -> list[tuple[str, int | None, str | None]]:
    """Return shard, version and state of each shard."""
    return [(each["shard"], each["version"], each["status"]) for each in data["shards"]]


def test_each_shard_runs_once_and_the_same_command_pushes_nothing_more(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, NUMBERS)
    pushed = kitctl(*SHARDS, "3").data
    assert states(pushed) == [(f"{number}/3", number, "COMPLETE") for number in (1, 2, 3)]
    assert states(kitctl(*SHARDS, "3").data) == states(pushed)
    assert local_kaggle.calls("SaveKernel") == 3


def test_shards_are_queued_within_the_sessions_that_kaggle_allows(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, f"{NUMBERS}\nimport time\ntime.sleep(1.5)", **GPU)
    assert kitctl(*SHARDS, "3", "--timeout", "1h").data["complete"] == 3
    assert local_kaggle.calls("SaveKernel") == 3, "a push was refused by Kaggle"


def test_shards_wait_for_a_session_of_somebody_elses(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    for slug in ("elsewhere-one", "elsewhere-two"):
        local_kaggle.push(
            slug, "import time\ntime.sleep(2)", enableGpu=True, machineShape="NvidiaTeslaT4"
        )
    write_script(project, NUMBERS, **GPU)
    assert kitctl(*SHARDS, "2", "--timeout", "1h").data["complete"] == 2


def test_what_fails_in_the_first_shard_is_not_paid_for_in_all(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, f"{NUMBERS}\nraise SystemExit(1)", **GPU)
    call = kitctl(*SHARDS, "6", "--timeout", "1h")
    assert (call.code, call.error["code"]) == (6, "shards_failed")
    assert "4 were not pushed" in call.error["message"]
    assert kitctl(*SHARDS, "6", "--timeout", "1h").code == 6
    assert local_kaggle.calls("SaveKernel") == 2


def test_a_shard_that_fails_leaves_the_others_and_runs_again_when_asked(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    fixed = tmp_path / "fixed"
    fixed.mkdir()
    settings = f'[tool.kitctl.sources]\n"ada/state" = "{fixed}"\n'
    (project / "pyproject.toml").write_text(settings, "utf-8")
    fail = 'import glob\nif number == 2 and not glob.glob("/kaggle/input/**/ok", recursive=True):'
    code = f"{NUMBERS}\n{fail}\n    raise ValueError('not yet')"
    write_script(project, code, dataset_sources=["ada/state"])
    call = kitctl(*SHARDS, "3")
    assert call.code == 6
    assert "shard" in call.error["message"] and "not yet" in call.error["message"]
    (fixed / "ok").write_text("", "utf-8")
    assert kitctl(*SHARDS, "3").code == 6
    again = kitctl(*SHARDS, "3", "--again").data
    assert states(again) == [("1/3", 1, "COMPLETE"), ("2/3", 4, "COMPLETE"), ("3/3", 3, "COMPLETE")]


def test_a_group_goes_on_from_another_machine(
    kitctl: Kitctl, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = f"{NUMBERS}\nimport time\ntime.sleep(3 * (number == 2))"
    write_script(project, slow, **GPU)
    command = [sys.executable, "-m", "kitctl", *SHARDS, "3", "--timeout", "1h"]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert first.stderr
    while "Shard 2/3" not in first.stderr.readline():
        pass
    first.kill()
    first.communicate()
    use_another_machine(tmp_path, monkeypatch)
    pushed = kitctl(*SHARDS, "3", "--timeout", "1h").data
    assert states(pushed) == [(f"{number}/3", number, "COMPLETE") for number in (1, 2, 3)]


def test_two_of_the_same_command_push_each_shard_once(
    project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, f"{NUMBERS}\nimport time\ntime.sleep(1.5)", **GPU)
    command = [sys.executable, "-m", "kitctl", *SHARDS, "3", "--timeout", "1h"]
    pushes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    calls = [CommandCall(each.wait(60), each.communicate()[0], "") for each in pushes]
    assert [call.data["complete"] for call in calls] == [3, 3]
    assert local_kaggle.calls("SaveKernel") == 3


def test_another_number_of_shards_is_another_group(kitctl: Kitctl, project: Path) -> None:
    write_script(project, NUMBERS)
    assert states(kitctl(*SHARDS, "1").data) == [("1/1", 1, "COMPLETE")]
    assert [version for _, version, _ in states(kitctl(*SHARDS, "2").data)] == [2, 3]


@pytest.mark.parametrize("options", [("0",), ("2", "--follow"), ("2", "--resume", "1")])
def test_what_does_not_go_with_shards_is_refused(
    kitctl: Kitctl, local_kaggle: LocalKaggle, options: tuple[str, ...]
) -> None:
    assert kitctl(*SHARDS, *options).code == 2
    assert local_kaggle.calls("SaveKernel") == 0
