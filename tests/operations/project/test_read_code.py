"""The one file of a job that is sent as it is."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from support.notebooks import code_cell, notebook
from support.projects import single_script, write_files

from kitctl import config
from kitctl.errors import InvalidInput
from kitctl.operations import doctor
from kitctl.operations.planning.plan_job import plan_job


def notebook_project(folder: Path, text: str, **metadata: object) -> Path:
    project = single_script(folder, "", code_file="n.ipynb", kernel_type="notebook", **metadata)
    return write_files(project, {"n.ipynb": text})


def metadata_check(project: Path) -> doctor.DoctorCheck:
    checks = doctor.check_project(lambda: project, lambda: config.load(project, {}, {}), ())
    return next(check for check in checks if check.name == "metadata")


def test_outputs_are_removed_before_a_notebook_is_measured(tmp_path: Path) -> None:
    plot = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * 1_200_000}}
    text = notebook(cells=[code_cell("print(1)", plot)])
    plan = plan_job(notebook_project(tmp_path / "plots", text))
    assert len(plan.script) < 1000
    (cell,) = json.loads(plan.script)["cells"]
    assert (cell["source"], cell["outputs"]) == ("print(1)", [])
    without = plan_job(notebook_project(tmp_path / "none", notebook("print(1)")))
    assert plan.script_sha256 == without.script_sha256


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            notebook("1", cells=[code_cell("1"), {**code_cell(""), "source": None}]),
            "cell 2 is null",
        ),
        (notebook("print(1)")[:-40], "not valid JSON"),
        (notebook(), "no cells"),
    ],
)
def test_a_damaged_notebook_is_found_by_package_push_and_doctor_alike(
    tmp_path: Path, text: str, reason: str
) -> None:
    project = notebook_project(tmp_path, text)
    with pytest.raises(InvalidInput) as caught:
        plan_job(project)
    (problem,) = caught.value.problems
    assert problem.where == "n.ipynb" and reason in problem.message
    check = metadata_check(project)
    assert not check.ok and problem.message in check.detail


def test_a_notebook_without_a_kernel_gets_one_and_a_warning(tmp_path: Path) -> None:
    project = notebook_project(tmp_path, notebook("1", metadata={}))
    plan = plan_job(project)
    (warning,) = (line for line in plan.warnings if "kernel" in line)
    assert "No kernel name found" in warning
    assert json.loads(plan.script)["metadata"]["kernelspec"]["name"] == "python3"
    check = metadata_check(project)
    assert check.ok and warning in check.detail


def test_a_credential_in_a_notebook_is_named_by_its_cell(tmp_path: Path) -> None:
    key = "KAGGLE_KEY = '" + "0123456789abcdef" * 2 + "'"
    with pytest.raises(InvalidInput) as caught:
        plan_job(notebook_project(tmp_path, notebook("a = 1", f"b = 2\n{key}")))
    (problem,) = caught.value.problems
    assert problem.where == "n.ipynb, cell 2, line 2"


def test_a_script_that_is_no_python_is_refused_before_a_push(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_job(single_script(tmp_path, "def f(:\n"))
    (problem,) = caught.value.problems
    assert problem.where == "train.py" and "not valid Python" in problem.message


def test_a_script_with_a_notebooks_lines_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_job(single_script(tmp_path, "# %%\n%matplotlib inline\n"))
    (problem,) = caught.value.problems
    assert "Only notebooks have lines that begin with ! or %" in problem.fix


def test_doctor_names_what_a_notebook_imports_and_what_runs_it(tmp_path: Path) -> None:
    cells = ("%matplotlib inline\nimport os\nimport surely_missing", "!ls\nimport json")
    project = notebook_project(tmp_path, notebook(*cells))
    missing = ("nbclient",)
    found = doctor.check_project(lambda: project, lambda: config.load(project, {}, {}), missing)
    checks = {check.name: check for check in found}
    assert "surely_missing" in checks["job's packages"].detail
    assert "pip install 'kaggle-kitctl[notebook]'" in checks["notebook"].fix


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python knows that syntax")
@pytest.mark.parametrize(
    "script",
    [
        """x = {}\nprint(f"{x.get("a")}")\n""",
        "type Point = tuple[int, int]\n",
        "def first[T](items: list[T]) -> T:\n    return items[0]\n",
    ],
)
def test_the_syntax_of_kaggles_newer_python_is_a_warning(tmp_path: Path, script: str) -> None:
    (warning,) = plan_job(single_script(tmp_path, script)).warnings
    assert "newer Python of Kaggle's image" in warning


@pytest.mark.parametrize("script", ["", "\n\n", "# only a comment\n"])
def test_a_script_without_code_is_refused(tmp_path: Path, script: str) -> None:
    with pytest.raises(InvalidInput) as failure:
        plan_job(single_script(tmp_path, script))
    assert ["holds no code" in problem.message for problem in failure.value.problems] == [True]
