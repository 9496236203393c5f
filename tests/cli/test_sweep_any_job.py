"""`kitctl sweep` of any job: a run for each trial, with values that Optuna chooses."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from support.command_line import Kitctl, write_script
from support.local_kaggle import LocalKaggle
from support.notebooks import notebook
from support.projects import packed_job
from support.sweeps import (
    GPU,
    LISTED,
    SCRIPT,
    SWEEP,
    TRAIN,
    interrupt_after,
    look_often,
    write_training,
)

from kitctl.cli.context import searches

# Of the trials, the fifth is behind and slow.
ONE_BEHIND = """
import os, time
if os.environ["KITCTL_TRIAL"].endswith(" 4"):
    for epoch in range(1, 100):
        print(f"epoch {epoch}/100 val_loss 9", flush=True)
        time.sleep(0.2)
"""


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    look_often(monkeypatch)


def most_at_once(kitctl: Kitctl) -> int:
    """Return how many runs of the trials occupied a machine at the same time."""
    runs = kitctl("runs", "--local", "--json").data["runs"]
    moments = [(run["started_at"], 1) for run in runs] + [(run["ended_at"], -1) for run in runs]
    count = most = 0
    for _, step in sorted(moments):
        count += step
        most = max(most, count)
    return most


def test_a_sweep_runs_a_script_with_each_value_and_finds_the_best(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_training(project)
    data = kitctl(*SWEEP, *LISTED, *SCRIPT).data
    assert data["best"]["parameters"] == {"lr": 0.01}
    assert (data["best"]["value"], data["best"]["best_epoch"]) == (0.5, 2)
    assert (data["outcome"], data["sampler"], data["mode"]) == ("trials_done", "grid", "min")
    assert local_kaggle.calls("SaveKernel") == 3
    run = kitctl("runs", "--local", "--json").data["runs"][0]
    assert run["name"] == "trial 2"
    rows = Path(data["table"]).read_text("utf-8").splitlines()
    assert len(rows) == 4 and rows[0].startswith("trial,lr,state,value")
    assert Path(data["picture"]).read_bytes().startswith(b"\x89PNG")
    # Typed again, it pushes nothing.
    assert kitctl(*SWEEP, *LISTED, *SCRIPT).data["best"] == data["best"]
    assert local_kaggle.calls("SaveKernel") == 3


def test_a_sweep_searches_ranges_stops_what_is_behind_and_keeps_to_its_hours(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    import optuna

    write_script(project, ONE_BEHIND + TRAIN.format(epochs=4, seconds=0), **GPU)
    space = ("--set", "lr=1e-3..1e-1:log", "--trials", "5", "--sampler", "random")
    data = kitctl(*SWEEP, *space, "--hours", "0.02", *SCRIPT).data
    assert len(data["trials"]) == local_kaggle.calls("SaveKernel") == 5
    assert most_at_once(kitctl) <= 2
    assert data["hours_spent_seconds"] <= data["hours_limit_seconds"] == 72
    (stopped,) = [trial for trial in data["trials"] if trial["state"] != "complete"]
    assert (stopped["trial"], stopped["state"]) == (4, "pruned")
    assert 2 <= stopped["epochs"] < 100
    assert (stopped["status"], stopped["value"]) == ("CANCEL_ACKNOWLEDGED", None)
    assert stopped["given_back_seconds"] > 0
    (file,) = searches("local").glob("*.sqlite")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    storage = optuna.storages.RDBStorage(f"sqlite:///{file}")
    best = optuna.load_study(study_name=None, storage=storage).best_trial
    storage.engine.dispose()
    assert (data["best"]["trial"], data["best"]["value"]) == (best.number, best.value)


def test_a_sweep_ends_before_it_takes_more_than_its_hours(kitctl: Kitctl, project: Path) -> None:
    write_training(project, epochs=1, seconds=1, **GPU)
    space = ("--set", "lr=1e-6..1e-1:log", "--sampler", "random")
    data = kitctl(*SWEEP, *space, "--hours", "0.003", *SCRIPT).data
    assert data["outcome"] == "hours_used"
    assert data["hours_spent_seconds"] <= 10.8
    assert 1 <= len(data["trials"]) < 15


def test_a_sweep_sets_parameters_of_a_notebook_and_variables(kitctl: Kitctl, project: Path) -> None:
    cells = "import os\nprint('score', size + float(os.environ['RATE']))"
    (project / "train.ipynb").write_text(notebook(cells), "utf-8")
    write_script(project, "", code_file="train.ipynb", kernel_type="notebook")
    values = ("--set", "size=1,3", "--set", "rate=0.5", "--env", "RATE={rate}")
    data = kitctl("sweep", "--local", "--json", "--metric", "score", *values).data
    assert data["best"]["parameters"] == {"size": 3, "rate": 0.5}
    assert (data["best"]["value"], data["mode"]) == (3.5, "max")


JOB = """
import json
import os
from pathlib import Path

from job._job import JOB

if os.environ.get("KITCTL_CHECK"):
    print(json.dumps({"problems": [], "settings": JOB["settings"]}))
else:
    Path("metrics.json").write_text(json.dumps({"val_loss": 1 / JOB["settings"]["units"]}))
"""


def test_a_job_with_settings_is_swept_by_runs_when_it_is_asked_for(
    kitctl: Kitctl, project: Path
) -> None:
    packed_job(project, {"job/main.py": JOB}, id="small-job", enable_gpu="false", machine_shape="")
    data = kitctl(*SWEEP, "--set", "units=6,32").data
    assert (data["metric"], data["best"]["parameters"]) == ("val_loss", {"units": 32})


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (LISTED, 3, "nothing takes lr"),
        ((*LISTED, "--", "--lr", "{rate}"), 3, "{rate}, which has no values"),
        (("--set", "lr=0.01", *SCRIPT), 3, "several values"),
        (("--set", "lr=1..0", *SCRIPT), 3, "is no range"),
        (("--set", "lr=0..1:log", *SCRIPT), 3, "is no range"),
        (("--set", "lr=1e-5..1e-1:log", *SCRIPT), 2, "would never end"),
        (("--set", "lr=0.0..1.0", "--sampler", "grid", *SCRIPT), 2, "A grid needs lists"),
        ((*LISTED, "--data", "a/b=.", *SCRIPT), 2, "leave out --data"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_before_anything_runs(
    kitctl: Kitctl,
    project: Path,
    local_kaggle: LocalKaggle,
    words: tuple[str, ...],
    code: int,
    sentence: str,
) -> None:
    call = kitctl(*SWEEP, *words)
    assert (call.code, local_kaggle.calls("SaveKernel")) == (code, 0)
    assert sentence in call.error["message"]


def test_trials_are_only_sent_where_the_user_says_so(kitctl: Kitctl, project: Path) -> None:
    write_training(project)
    words = ("sweep", "--metric", "val_loss", *LISTED)
    call = kitctl(*words, "--json", *SCRIPT)
    assert call.code == 2 and "kitctl sweep" in call.error["hint"]
    plan = kitctl(*words, "--plan", "--json", *SCRIPT).data
    assert (plan["combinations"], plan["trials"], plan["at_once"]) == (3, 3, 5)
    assert "1e-3,1e-2,1e-1" in kitctl(*words, "--plan", *SCRIPT).out


def test_without_optuna_a_sentence_says_what_to_install(
    kitctl: Kitctl, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_training(project)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    call = kitctl(*SWEEP, *LISTED, *SCRIPT)
    assert (call.code, call.error["code"]) == (3, "no_optuna")
    assert "kaggle-kitctl[sweep]" in call.error["hint"]


def test_a_job_that_fails_twice_ends_the_sweep(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, "raise ValueError('a mistake')", **GPU)
    call = kitctl(*SWEEP, "--set", "lr=1,2,3,4,5,6", *SCRIPT)
    assert (call.code, call.error["code"]) == (6, "no_result")
    assert "a mistake" in call.error["message"]
    assert local_kaggle.calls("SaveKernel") <= 3


def test_a_job_without_the_metric_is_told_how_to_print_it(kitctl: Kitctl, project: Path) -> None:
    write_script(project, "print('done')", **GPU)
    call = kitctl(*SWEEP, *LISTED, *SCRIPT)
    assert call.code == 6
    assert "epoch 1/10 val_loss 0.5" in call.error["message"]


def test_a_trial_that_reaches_its_time_limit_counts_with_its_best_value(
    kitctl: Kitctl, project: Path
) -> None:
    write_training(project, epochs=100, seconds=0.3)
    data = kitctl(*SWEEP, *LISTED, "--timeout", "4s", "--pruner", "none", *SCRIPT).data
    assert {trial["state"] for trial in data["trials"]} == {"complete"}
    assert {trial["status"] for trial in data["trials"]} == {"CANCEL_ACKNOWLEDGED"}
    assert data["best"]["parameters"] == {"lr": 0.01}


def test_ctrl_c_leaves_trials_running_and_the_same_command_goes_on(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_training(project, epochs=4, seconds=0.2, **GPU)

    with monkeypatch.context() as patch:
        interrupt_after(patch, 2)
        call = kitctl(*SWEEP, *LISTED, *SCRIPT)
    assert call.code == 130
    assert "trial 0 (local/small-job/1)" in call.error["message"]
    assert "kitctl cancel --local 1" in call.error["hint"]
    data = kitctl(*SWEEP, *LISTED, *SCRIPT).data
    assert [trial["version"] for trial in data["trials"]] == [1, 2, 3]
    assert local_kaggle.calls("SaveKernel") == 3


def test_a_trial_whose_answer_was_lost_is_not_pushed_again(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kitctl.operations.sending.send_once.LOOK_PAUSES", ())
    monkeypatch.setattr("kitctl.operations.trials.under_way.LOOK_SECONDS", 0.2)
    write_training(project)
    local_kaggle.fault("lost_answer", "SaveKernel")
    data = kitctl(*SWEEP, *LISTED, *SCRIPT).data
    assert [trial["state"] for trial in data["trials"]] == ["complete"] * 3
    assert sorted(trial["version"] for trial in data["trials"]) == [1, 2, 3]


def test_a_push_that_never_arrived_is_sent_again_only_when_that_is_certain(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kitctl.operations.sending.send_once.LOOK_PAUSES", ())
    write_training(project)
    words = (*SWEEP, "--set", "lr=1e-2,1e-1", "--trials", "1", *SCRIPT)
    local_kaggle.fault("status", "SaveKernel", status=502)
    for _ in range(2):
        with monkeypatch.context() as patch:
            interrupt_after(patch, 1)
            call = kitctl(*words)
        assert call.code == 130
        assert "trial 0 (not known yet whether it runs)" in call.error["message"]
        assert local_kaggle.calls("SaveKernel") == 1
    # Only the second call met it in the ledger.
    assert "not known yet whether Kaggle took the last push of trial 0; what it does" in call.err
    local_kaggle.advance(1000)
    data = kitctl(*words).data
    assert [(trial["trial"], trial["version"]) for trial in data["trials"]] == [(0, 1)]
    assert local_kaggle.calls("SaveKernel") == 2


def test_a_sweep_ends_when_the_hours_of_the_week_do_not_hold_a_trial(
    kitctl: Kitctl, project: Path, midweek: LocalKaggle
) -> None:
    midweek.use_elsewhere("gpu", "2026-11-22T00:00:00Z", "2026-11-23T06:00:00Z")
    write_training(project, **GPU)
    call = kitctl(*SWEEP, *LISTED, *SCRIPT)
    assert (call.code, call.error["code"]) == (4, "quota_exceeded")
    assert midweek.calls("SaveKernel") == 0


def test_a_table_of_trials_fits_80_columns(
    kitctl: Kitctl, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    write_training(project)
    lines = kitctl("sweep", "--local", "--metric", "val_loss", *LISTED, *SCRIPT).out.splitlines()
    assert lines[0].split()[:5] == ["trial", "run", "lr", "val_loss", "state"]
    assert all(len(line) <= 80 for line in lines[:4])
    assert json.dumps(lines).count("best:") == 1
