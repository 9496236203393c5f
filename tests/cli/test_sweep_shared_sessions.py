"""`kitctl sweep --per-session`: short trials that share the sessions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command_line import Kitctl, write_script
from support.local_kaggle import LocalKaggle
from support.notebooks import notebook
from support.sweeps import (
    GPU,
    LISTED,
    SCRIPT,
    SWEEP,
    interrupt_after,
    look_often,
    write_training,
)

SHORT = """
import json, sys
from pathlib import Path
rate = float(sys.argv[1])
Path("metrics.json").write_text(json.dumps({"val_loss": abs(rate - 2)}))
assert rate != 4, "a mistake"
"""


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    look_often(monkeypatch)


def test_short_trials_share_sessions(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, SHORT, **GPU)
    # One is left for the third session: of two, each would get its own where both are free.
    words = ("--per-session", "3", "--set", "rate=1,2,3,4,5,6,7", "--", "{rate}")
    call = kitctl(*SWEEP, *words)
    data = call.data
    assert local_kaggle.calls("SaveKernel") == 3
    assert [trial["version"] for trial in data["trials"]] == [1, 1, 1, 2, 2, 2, 3]
    assert [trial["state"] for trial in data["trials"]].count("complete") == 6
    (failed,) = [trial for trial in data["trials"] if trial["state"] == "failed"]
    assert (failed["parameters"], failed["reason"]) == ({"rate": 4}, "failed with exit code 1.")
    assert (data["best"]["parameters"], data["best"]["value"]) == ({"rate": 2}, 0)
    # Each session is counted once.
    seconds = sum(trial["running_seconds"] for trial in data["trials"])
    assert data["hours_spent_seconds"] == pytest.approx(seconds, abs=0.1)
    assert kitctl("runs", "--local", "--json").data["runs"][1]["name"] == "trials 3, 4, 5"
    version, files = data["best"]["version"], f"trial-{data['best']['trial']}/*"
    hint = f"kitctl pull-results --local {version} --only '{files}'"
    assert hint in kitctl(*SWEEP[:-1], *words).err
    kitctl("pull-results", "--local", f"{version}", "--only", files)
    pulled = project / f"results/small-job/v{version}" / files.replace("*", "metrics.json")
    assert json.loads(pulled.read_text("utf-8")) == {"val_loss": 0}


def test_trials_in_one_session_are_read_by_their_parts_of_its_log(
    kitctl: Kitctl, project: Path
) -> None:
    write_training(project, epochs=3)
    data = kitctl(*SWEEP, *LISTED, "--per-session", "9", "--trials", "3", *SCRIPT).data
    assert [trial["epochs"] for trial in data["trials"]] == [3, 3, 3]
    assert data["best"]["parameters"] == {"lr": 0.01}
    assert [value for _, value in data["best"]["curve"]] == [1, 0.5, 0.3333]


def test_short_trials_share_the_sessions_that_are_waited_for_longer_than_they_take(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kitctl.domain.runs.trials.LONG_WAIT_SECONDS", 1.5)
    local_kaggle.settings(queue_seconds=3)
    write_script(project, SHORT, **GPU)
    data = kitctl(*SWEEP, "--set", "rate=1,2,3,5,6,7,8,9", "--", "{rate}").data
    # Of the first two, one was complete before how long they are waited for was known.
    versions = [trial["version"] for trial in data["trials"]]
    assert versions[:2] == [1, 2] and len(set(versions)) < len(versions)
    assert {trial["state"] for trial in data["trials"]} == {"complete"}


def test_a_trial_that_its_session_does_not_come_to_has_failed(
    kitctl: Kitctl, project: Path
) -> None:
    write_training(project, epochs=4, seconds=0.7, **GPU)
    values = ("--set", "lr=1e-6,1e-5,1e-4,1e-3,1e-2,1e-1", "--per-session", "3")
    data = kitctl(*SWEEP, *values, "--timeout", "5s", *SCRIPT).data
    for first in (0, 3):
        whole, _, not_begun = data["trials"][first : first + 3]
        assert (whole["state"], whole["epochs"]) == ("complete", 4)
        assert not_begun["reason"] == "was not begun when its session ended."


def test_a_sweep_of_shared_sessions_goes_on_after_ctrl_c(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_training(project, epochs=2, seconds=0.3, **GPU)
    words = (*SWEEP, "--set", "lr=1e-4,1e-3,1e-2,1e-1", "--per-session", "2", *SCRIPT)
    with monkeypatch.context() as patch:
        interrupt_after(patch, 2)
        call = kitctl(*words)
    assert "trials 0, 1 (local/small-job/1)" in call.error["message"]
    data = kitctl(*words).data
    assert [trial["version"] for trial in data["trials"]] == [1, 1, 2, 2]
    assert {trial["state"] for trial in data["trials"]} == {"complete"}
    assert local_kaggle.calls("SaveKernel") == 2


def test_a_notebook_needs_a_session_for_each_trial(kitctl: Kitctl, project: Path) -> None:
    (project / "train.ipynb").write_text(notebook("print('score', 1)"), "utf-8")
    write_script(project, "", code_file="train.ipynb", kernel_type="notebook")
    words = ("--set", "size=1,2,3", "--metric", "score", "--per-session", "2")
    call = kitctl("sweep", "--local", "--json", *words)
    assert call.code == 2 and "leave out --per-session" in call.error["message"]
