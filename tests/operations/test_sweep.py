"""`sweep` with a small job that trains nothing: the grid, the table, continuing."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.projects import packed_job

from kitctl.errors import InvalidInput, RunFailed
from kitctl.operations.planning.plan_job import plan_job
from kitctl.operations.sweep import SweepResult, sweep, sweep_settings
from kitctl.ports import NullReporter
from kitctl.sandbox import runner

# Ends halfway the first time, as a killed run does; counts how often it was started.
MAIN = """
import csv
import itertools
import sys
from pathlib import Path

from job._job import JOB

starts = Path("starts.txt")
starts.write_text(starts.read_text() + "x" if starts.exists() else "x")
grid = JOB["settings"]["sweep"]
if JOB["settings"].get("breaks") and starts.read_text() == "x":
    sys.exit("error: the power went")
with open("heads.csv", "w", newline="") as table:
    rows = csv.writer(table)
    rows.writerow(["rank", *grid, "best_val_loss"])
    for rank, values in enumerate(itertools.product(*grid.values()), start=1):
        rows.writerow([rank, *values, rank / 10])
"""


def run_sweep(project: Path, *options: str) -> SweepResult:
    plan = plan_job(project, overrides=sweep_settings(list(options)))
    return sweep(plan, {}, out=project / "out", runner=runner.start, reporter=NullReporter())


def test_values_separated_by_commas_are_a_grid_and_single_ones_are_settings() -> None:
    settings = sweep_settings(["units=6,32", "optimizer=adam,sgd", "epochs=5", "task=x"])
    assert settings == {
        "task": "sweep",
        "epochs": 5,
        "sweep": {"units": [6, 32], "optimizer": ["adam", "sgd"]},
    }


def test_commas_inside_brackets_separate_no_values() -> None:
    assert sweep_settings(["units=[6],[32,16]"])["sweep"] == {"units": [[6], [32, 16]]}


@pytest.mark.parametrize("options", [[], ["epochs=5"], ["units=[6,32]"]])
def test_a_sweep_of_one_head_is_refused(options: list[str]) -> None:
    with pytest.raises(InvalidInput, match="several values"):
        sweep_settings(options)


def test_the_heads_are_in_the_order_of_the_table(tmp_path: Path) -> None:
    result = run_sweep(packed_job(tmp_path, {"job/main.py": MAIN}), "units=6,32", "epochs=1,2")
    assert [head.settings for head in result.heads] == [
        {"units": 6, "epochs": 1},
        {"units": 32, "epochs": 1},
        {"units": 6, "epochs": 2},
        {"units": 32, "epochs": 2},
    ]
    assert result.heads[0].metrics == {"best_val_loss": 0.1}
    assert (tmp_path / "out" / "sweep.log").is_file()


def test_a_sweep_that_failed_continues_where_it_was(tmp_path: Path) -> None:
    project = packed_job(tmp_path, {"job/main.py": MAIN}, job="breaks = true\n")
    with pytest.raises(RunFailed, match="the power went"):
        run_sweep(project, "units=6,32")
    assert not (project / "out").exists()
    run_sweep(project, "units=6,32")
    assert (project / "out/starts.txt").read_text("utf-8") == "xx"
    assert not [path for path in project.iterdir() if path.name.startswith(".out")]


def test_another_grid_starts_from_the_beginning_and_replaces_the_last(tmp_path: Path) -> None:
    project = packed_job(tmp_path, {"job/main.py": MAIN})
    run_sweep(project, "units=6,32")
    result = run_sweep(project, "units=7,8,9")
    assert [head.settings["units"] for head in result.heads] == [7, 8, 9]
    assert (project / "out/starts.txt").read_text("utf-8") == "x"


def test_a_folder_that_is_not_of_a_sweep_is_not_touched(tmp_path: Path) -> None:
    project = packed_job(tmp_path, {"job/main.py": MAIN, "out/thesis.txt": "years of work"})
    with pytest.raises(InvalidInput, match="not touched"):
        run_sweep(project, "units=6,32")
    assert (project / "out/thesis.txt").read_text("utf-8") == "years of work"
