"""`kitctl sweep` of a job that only writes the table of heads."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import Kitctl
from support.local_kaggle import LocalKaggle
from support.projects import packed_job

HEADS = """
import json
import os
from pathlib import Path

from job._job import JOB

if os.environ.get("KITCTL_CHECK"):
    print(json.dumps({"problems": [], "settings": JOB["settings"]}))
else:
    grid = JOB["settings"]["sweep"]["units"]
    assert JOB["settings"].get("sweep_by", "row") == "row"
    rows = [f"{rank},{units},{rank / 4}" for rank, units in enumerate(grid, 1)]
    Path("heads.csv").write_text("\\n".join(["rank,units,val_loss", *rows]))
"""


@pytest.fixture
def job(project: Path) -> Path:
    return packed_job(
        project, {"job/main.py": HEADS}, id="small-job", enable_gpu="false", machine_shape=""
    )


def test_sweep_lists_the_heads_with_settings_and_metrics(kitctl: Kitctl, job: Path) -> None:
    heads = kitctl("sweep", "--set", "units=6,32", "--json").data["heads"]
    assert heads == [
        {"settings": {"units": 6}, "metrics": {"val_loss": 0.25}},
        {"settings": {"units": 32}, "metrics": {"val_loss": 0.5}},
    ]
    assert (job / "results" / "small-job" / "sweep" / "heads.csv").is_file()


def test_sweep_prints_a_row_for_each_head(kitctl: Kitctl, job: Path) -> None:
    lines = kitctl("sweep", "--set", "units=6,32").out.splitlines()
    assert [line.split() for line in lines[:3]] == [
        ["units", "val_loss"],
        ["6", "0.2500"],
        ["32", "0.5000"],
    ]


def test_sweep_refuses_a_grid_of_one(kitctl: Kitctl, job: Path) -> None:
    call = kitctl("sweep", "--set", "units=6", "--json")
    assert (call.code, call.error["code"]) == (3, "settings")
    assert call.error["hint"].startswith("kitctl sweep --set ")


def test_a_pushed_sweep_refuses_data_and_out(kitctl: Kitctl, job: Path) -> None:
    call = kitctl("sweep", "--push", "--local", "--set", "units=6,32", "--out", "here", "--json")
    assert call.code == 2


def test_sweep_push_sends_one_run_for_all_heads(
    kitctl: Kitctl, job: Path, local_kaggle: LocalKaggle
) -> None:
    pushed = kitctl("sweep", "--push", "--local", "--set", "units=6,32", "--json").data
    assert pushed["run"] == "local/small-job/1"
    assert local_kaggle.calls("SaveKernel") == 1
    pulled = kitctl("pull-results", "--local", "--wait", "--json").data
    assert [file["path"] for file in pulled["files"]] == ["heads.csv"]


def test_heads_of_a_range_are_chosen_by_optuna_for_one_session(kitctl: Kitctl, job: Path) -> None:
    values = ("--set", "units=1..1000", "--set", "epochs=2")
    chosen = kitctl("sweep", *values, "--trials", "5", "--json").data["heads"]
    units = [head["settings"]["units"] for head in chosen]
    assert len(set(units)) == 5
    assert all(1 <= each <= 1000 for each in units)
    # All of a short range.
    heads = kitctl("sweep", "--set", "units=1..3", "--json").data["heads"]
    assert sorted(head["settings"]["units"] for head in heads) == [1, 2, 3]


def test_heads_of_a_range_without_their_number_are_refused(kitctl: Kitctl, job: Path) -> None:
    call = kitctl("sweep", "--set", "learning_rate=1e-4..1e-1:log", "--json")
    assert call.code == 2
    assert "--trials 32" in call.error["hint"]
