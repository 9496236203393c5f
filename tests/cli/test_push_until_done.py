"""`kitctl push --until-done`: one job over several sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.command_line import Kitctl, write_script
from support.local_kaggle import LocalKaggle
from support.machines import use_another_machine

from kitctl.cli import chain
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.run_status import RunStatus

# Counts one step a session; a step may end otherwise than the plain one.
COUNT = """
import os, sys
from pathlib import Path
resume = os.environ.get("KITCTL_RESUME")
step = 1 + (int(Path(resume, "step.txt").read_text()) if resume else 0)
Path("step.txt").write_text(str(step))
if step < {steps}:
    Path("UNFINISHED.txt").write_text(f"step {{step}} of {steps}")
"""
UNTIL_DONE = ("push", "--local", "--until-done", "--json")


def chained(call: dict[str, object]) -> list[tuple[int, int]]:
    """Return session and version of each run of a chain."""
    return [(run["session"], run["version"]) for run in call["runs"]]  # type: ignore[attr-defined]


def test_a_chain_pushes_session_after_session_until_the_job_is_done(
    kitctl: Kitctl, project: Path
) -> None:
    write_script(project, COUNT.format(steps=3))
    call = kitctl(*UNTIL_DONE)
    assert call.code == 0
    assert (call.data["finished"], call.data["outcome"]) == (True, "finished")
    assert chained(call.data) == [(1, 1), (2, 2), (3, 3)]
    pulled = kitctl("pull-results", "--local", "--json").data
    assert Path(pulled["out"], "step.txt").read_text("utf-8") == "3"


def test_a_chain_that_is_finished_pushes_nothing_more(kitctl: Kitctl, project: Path) -> None:
    write_script(project, COUNT.format(steps=2))
    assert kitctl(*UNTIL_DONE).code == 0
    again = kitctl(*UNTIL_DONE).data
    assert (again["finished"], chained(again)) == (True, [(2, 2)])


def test_a_chain_ends_with_its_sessions_and_goes_on_with_more(
    kitctl: Kitctl, project: Path
) -> None:
    write_script(project, COUNT.format(steps=3))
    limited = kitctl(*UNTIL_DONE, "--sessions", "2")
    assert (limited.code, limited.error["code"]) == (7, "chain_limit")
    assert chained(kitctl(*UNTIL_DONE, "--sessions", "3").data) == [(2, 2), (3, 3)]


def test_a_chain_goes_on_from_another_machine(
    kitctl: Kitctl, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_script(project, COUNT.format(steps=3))
    assert kitctl(*UNTIL_DONE, "--sessions", "1").error["code"] == "chain_limit"
    use_another_machine(tmp_path, monkeypatch)
    assert chained(kitctl(*UNTIL_DONE).data) == [(1, 1), (2, 2), (3, 3)]


def test_a_session_that_fails_ends_the_chain(kitctl: Kitctl, project: Path) -> None:
    write_script(project, COUNT.format(steps=3) + "sys.exit(1)")
    call = kitctl(*UNTIL_DONE)
    assert call.code == 6
    assert "local/small-job/1 failed" in call.error["message"]


def test_a_job_that_passes_its_errors_goes_on(kitctl: Kitctl, project: Path) -> None:
    passing = 'Path("UNFINISHED.txt").open("a").write("\\non_error: continue")\nsys.exit(1)\n'
    code = COUNT.format(steps=3) + "if step == 1:\n    " + passing.replace("\n", "\n    ")
    write_script(project, code.rstrip())
    assert chained(kitctl(*UNTIL_DONE).data) == [(1, 1), (2, 2), (3, 3)]


def test_a_session_that_kaggle_ends_is_gone_on_from(kitctl: Kitctl, project: Path) -> None:
    endless = COUNT.format(steps=2) + "import time\nwhile step == 1:\n    time.sleep(0.1)\n"
    write_script(project, endless)
    data = kitctl(*UNTIL_DONE, "--timeout", "5s").data
    assert [run["status"] for run in data["runs"]] == ["CANCEL_ACKNOWLEDGED", "COMPLETE"]


def test_a_chain_without_progress_ends(kitctl: Kitctl, project: Path) -> None:
    write_script(project, 'open("UNFINISHED.txt", "w").write("nothing new")')
    call = kitctl(*UNTIL_DONE)
    assert (call.code, call.error["code"]) == (6, "no_progress")
    assert "2 sessions" in call.error["message"]


@pytest.mark.parametrize("machine", ["this machine", "another machine"])
def test_a_chain_passes_over_other_runs_of_its_kernel(
    kitctl: Kitctl, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    write_script(project, COUNT.format(steps=3))
    assert kitctl(*UNTIL_DONE, "--sessions", "1").error["code"] == "chain_limit"
    write_script(project, 'open("step.txt", "w").write("70")')
    assert kitctl("push", "--local", "-f", "--json").code == 0
    write_script(project, COUNT.format(steps=3))
    if machine == "another machine":
        use_another_machine(tmp_path, monkeypatch)
    assert chained(kitctl(*UNTIL_DONE).data) == [(1, 1), (2, 3), (3, 4)]
    pulled = kitctl("pull-results", "--local", "--json").data
    assert Path(pulled["out"], "step.txt").read_text("utf-8") == "3"


def test_a_chain_goes_on_with_the_code_that_it_began_with(
    kitctl: Kitctl, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_script(project, COUNT.format(steps=2))
    watch = chain.wait_for_end

    def edit_and_watch(target: TargetRun, *ports: Any) -> RunStatus:
        (project / "train.py").write_text("raise SystemExit(1)", "utf-8")
        return watch(target, *ports)

    monkeypatch.setattr(chain, "wait_for_end", edit_and_watch)
    assert kitctl(*UNTIL_DONE).data["outcome"] == "finished"


def test_a_chain_waits_for_the_weeks_reset_where_it_is_asked_to(
    kitctl: Kitctl, project: Path, midweek: LocalKaggle
) -> None:
    midweek.set_clock("2026-11-27T23:59:57Z")
    midweek.use_elsewhere("gpu", "2026-11-25T00:00:00Z", "2026-11-26T06:00:00Z")
    gpu = {"enable_gpu": "true", "machine_shape": "NvidiaTeslaT4"}
    write_script(project, COUNT.format(steps=2), **gpu)
    refused = kitctl(*UNTIL_DONE, "--timeout", "1h")
    assert (refused.code, refused.error["code"]) == (4, "quota_exceeded")
    waited = kitctl(*UNTIL_DONE, "--timeout", "1h", "--when-free").data
    assert (waited["outcome"], chained(waited)) == ("finished", [(1, 1), (2, 2)])


def test_a_chain_hands_its_outputs_on_as_a_private_data_set_where_the_setting_says_so(
    kitctl: Kitctl,
    project: Path,
    local_kaggle: LocalKaggle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KITCTL_RESUME_SOURCE", "dataset")
    write_script(project, COUNT.format(steps=3))
    assert chained(kitctl(*UNTIL_DONE).data) == [(1, 1), (2, 2), (3, 3)]
    pulled = kitctl("pull-results", "--local", "--json").data
    assert Path(pulled["out"], "step.txt").read_text("utf-8") == "3"
    # Session 2 goes on from version 1 of the data set, session 3 from version 2.
    calls = [local_kaggle.calls(name) for name in ("CreateDataset", "CreateDatasetVersion")]
    assert calls == [1, 1]


# What only another run needs is pulled where it is named: checkpoints are such files.
MANIFEST = """
import hashlib, json
content = Path("step.txt").read_bytes()
digest = hashlib.sha256(content).hexdigest()
entry = {"path": "step.txt", "bytes": len(content), "sha256": digest, "on_request": True}
manifest = {"schema": "kitctl-manifest/1", "files": [entry]}
Path("manifest.json").write_text(json.dumps(manifest))
"""


def test_a_data_set_of_a_sessions_outputs_holds_what_only_another_run_needs(
    kitctl: Kitctl, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITCTL_RESUME_SOURCE", "dataset")
    write_script(project, COUNT.format(steps=2) + MANIFEST)
    assert chained(kitctl(*UNTIL_DONE).data) == [(1, 1), (2, 2)]
    pulled = kitctl("pull-results", "--local", "--json", "--only", "step.txt").data
    assert Path(pulled["out"], "step.txt").read_text("utf-8") == "2"


def test_limits_of_a_chain_are_refused_without_one(kitctl: Kitctl, project: Path) -> None:
    assert kitctl("push", "--local", "--sessions", "2", "--json").code == 2


FAILS = """
if step == 2:
    raise ValueError("a mistake")
"""


def test_a_chain_that_has_failed_goes_on_from_any_of_its_sessions(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, COUNT.format(steps=4) + FAILS)
    call = kitctl(*UNTIL_DONE[:-1])
    assert call.code == 6
    assert "kitctl push --local --until-done --resume 2" in call.err
    write_script(project, COUNT.format(steps=4))
    # The outputs of a run that failed, and of one that has others after it.
    for run, versions in ((2, [3, 4]), (1, [5, 6, 7])):
        words = (*UNTIL_DONE, "--resume", str(run))
        data = kitctl(*words).data
        assert [each["version"] for each in data["runs"]] == versions
        pulled = kitctl("pull-results", "--local", "--json").data
        assert Path(pulled["out"], "step.txt").read_text("utf-8") == "4"
        # Typed again, it pushes nothing.
        assert kitctl(*words).data["outcome"] == "finished"
    assert local_kaggle.calls("SaveKernel") == 7


def test_a_run_goes_on_from_the_outputs_of_the_run_that_is_named(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    for number in (1, 2):
        write_script(project, f'open("step.txt", "w").write("{number}0")')
        assert kitctl("push", "--local", "-f").code == 0
    write_script(project, COUNT.format(steps=1))
    for run, step in ((2, "21"), (1, "11")):
        assert kitctl("push", "--local", "--json", "-f", "--resume", str(run)).code == 0
        pulled = kitctl("pull-results", "--local", "--json").data
        assert Path(pulled["out"], "step.txt").read_text("utf-8") == step
        again = kitctl("push", "--local", "--json", "--resume", str(run))
        assert again.error["code"] == "same_script"
    assert local_kaggle.calls("SaveKernel") == 4


def test_a_run_that_has_not_ended_is_nothing_to_go_on_from(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, "import time\ntime.sleep(60)")
    assert kitctl("push", "--local").code == 0
    call = kitctl("push", "--local", "--json", "--again", "--resume", "1")
    assert (call.code, call.error["code"]) == (4, "not_ended")
    assert "kitctl wait --local 1" in call.error["hint"]


@pytest.mark.parametrize("hours", ["nan", "inf", "-1"])
def test_hours_that_are_no_amount_are_a_mistake(kitctl: Kitctl, project: Path, hours: str) -> None:
    refused = kitctl("push", "--local", "--until-done", "--hours", hours, "--json")
    assert (refused.code, refused.error["code"]) == (2, "usage")
