"""The composite action pushes a project, waits for its run and brings back the outputs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command_line import write_script
from support.local_kaggle import LocalKaggle
from support.source_files import PROJECT

ACTION = yaml.safe_load((PROJECT / "action.yml").read_text("utf-8"))
INPUTS = {"token": "", "project": ".", "push-options": "--timeout 1h", "results": "kaggle-results"}


def run_step(name: str, outputs: dict[str, str]) -> int:
    """Run a step as GitHub does; add what it writes to `outputs`, and return its exit code."""
    step: dict[str, Any] = next(step for step in ACTION["runs"]["steps"] if step.get("id") == name)
    values = {f"inputs.{key}": value for key, value in INPUTS.items()}
    values |= {f"steps.push.outputs.{key}": value for key, value in outputs.items()}
    variables = {
        key: values[text.removeprefix("${{").removesuffix("}}").strip()]
        for key, text in step["env"].items()
        if key != "KAGGLE_API_TOKEN"
    }
    written = Path("github-output")
    written.write_text("")
    programs = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        **variables,
        "PATH": os.pathsep.join([programs, os.environ["PATH"]]),
        "GITHUB_OUTPUT": str(written.absolute()),
        "KITCTL_LOCAL": "1",
    }
    # As GitHub starts a step whose shell is `bash`.
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    code = subprocess.run(shell, env=environment, capture_output=True, check=False).returncode
    outputs |= dict(line.split("=", 1) for line in written.read_text().splitlines())
    return code


@pytest.mark.parametrize(
    ("script", "exit_code"),
    [("open('a.txt', 'w').write('a')", 0), ("open('a.txt', 'w').write('a')\nraise OSError", 6)],
)
def test_the_outputs_come_and_the_step_ends_as_the_run(
    script: str, exit_code: int, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, script)
    outputs: dict[str, str] = {}
    assert run_step("push", outputs) == 0
    assert outputs["run"] == "local/small-job/1"
    assert run_step("pull", outputs) == exit_code
    assert outputs["exit-code"] == str(exit_code)
    assert (project / outputs["results"] / "a.txt").read_text() == "a"


def test_a_refused_push_fails_the_step_with_its_exit_code(
    project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, "print()", title="x")
    outputs: dict[str, str] = {}
    assert run_step("push", outputs) == 3
    assert outputs == {"run": "", "exit-code": "3"}


def test_every_input_of_the_action_is_used() -> None:
    text = (PROJECT / "action.yml").read_text("utf-8")
    assert [name for name in ACTION["inputs"] if f"inputs.{name} " not in text] == []
