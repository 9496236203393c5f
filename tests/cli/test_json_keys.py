"""The keys of `--json`, command by command, beside a kept sample: scripts rely on them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command_line import PRINT_SESSION, CommandCall, Kitctl, write_script
from support.competitions import SUBMISSION, competition_folder
from support.local_kaggle import AnsweredError, LocalKaggle, until
from support.photo_folders import photo_folder
from support.projects import MAIN, packed_job
from support.pulled_results import write_results

SAMPLE = json.loads(Path(__file__).with_name("json_keys.json").read_text("utf-8"))

TRAINING = """
open('metrics.json', 'w').write('{"loss": 0.5}')
print('trained')
"""

# A packed job that leaves what `pipelines` and `sweep` read, without measuring or training.
MEASURING = """
import json
import os
from pathlib import Path

from job._job import JOB

if os.environ.get("KITCTL_CHECK"):
    print(json.dumps({"problems": [], "settings": JOB["settings"]}))
elif JOB["settings"]["task"] == "sweep":
    Path("heads.csv").write_text(
        "rank,units,val_loss,best_epoch\\n1,32,0.25,4\\n2,6,0.5,3\\n"
    )
    Path("run.json").write_text('{"seconds": {"heads": 1.5}}')
    Path("plots").mkdir()
    Path("plots/heads.png").write_text("")
else:
    columns = (
        "name,photos_per_second,slowest,fastest,cached_photos_per_second,peak_bytes,"
        "pipeline_bytes,photos,rounds"
    )
    Path("pipelines.csv").write_text(f"{columns}\\nnaive,100.0,90.0,110.0,200.0,10,5,8,1\\n")
    Path("timelines").mkdir()
    Path("timelines/naive.png").write_text("")
"""


def key_paths(value: Any, path: str = "") -> Iterator[str]:
    """Yield the path of every key in a JSON value; the items of a list share one path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield f"{path}.{key}" if path else key
            yield from key_paths(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from key_paths(item, f"{path}[]")


def check(case: str, call: CommandCall) -> None:
    """Compare the envelope's keys with the sample; of a success, only those in `data`."""
    envelope = call.envelope
    assert set(envelope) - {"data", "error"} == {"schema", "command", "ok"}
    found = envelope["data"] if call.code == 0 else envelope
    keys = sorted(set(key_paths(found)))
    assert keys == SAMPLE.get(case), f"{case}: {json.dumps(keys)}\n{call.err}"


def test_push_and_the_commands_that_watch_its_run(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, TRAINING, enable_gpu="true", machine_shape="NvidiaTeslaT4")
    check("push --plan", kitctl("push", "--plan", "--json"))
    check("accelerators", kitctl("accelerators", "--json"))
    check("push", kitctl("push", "--local", "--json"))
    check("wait", kitctl("wait", "--local", "--json"))
    check("status", kitctl("status", "--local", "--json"))
    check("logs", kitctl("logs", "--local", "--json"))
    check("logs --follow", kitctl("logs", "--local", "--follow", "--json"))
    check("pull-results", kitctl("pull-results", "--local", "--json"))
    check("runs", kitctl("runs", "--local", "--json"))
    other = write_results(project / "other", metrics={"loss": 0.25})
    check("compare", kitctl("compare", "1", str(other), "--local", "--json"))
    check("report", kitctl("report", "1", "--local", "--json"))
    check("quota", kitctl("quota", "--local", "--weeks", "2", "--json"))
    check("push refused", kitctl("push", "--local", "--json"))
    check("push --follow", kitctl("push", "--local", "--force", "--follow", "--json"))


def test_shards(kitctl: Kitctl, project: Path) -> None:
    write_script(project, TRAINING)
    check("push --shards", kitctl("push", "--local", "--shards", "1", "--json"))
    check("pull-results --shards", kitctl("pull-results", "--local", "--shards", "--json"))


def test_cancel(kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle) -> None:
    write_script(project, f"{PRINT_SESSION}time.sleep(600)")
    assert kitctl("push", "--local").code == 0
    until(lambda: local_kaggle.status("small-job") == "RUNNING")
    check("cancel", kitctl("cancel", "--local", "--json"))
    check("status of a cancelled run", kitctl("status", "--local", "--json"))


def test_pull_results_of_a_run_with_odd_files_into_a_folder_with_others(
    kitctl: Kitctl, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    promises = {"files": [{"path": "gone.txt", "bytes": 1, "sha256": "0" * 64}]}
    files = [
        {"name": "a.txt", "text": "alpha"},
        {"name": "../outside.txt", "text": "beta"},
        {"name": "metrics.json", "text": "no JSON"},
        {"name": "manifest.json", "text": json.dumps({"schema": "kitctl-manifest/1"} | promises)},
    ]
    local_kaggle.seed("odd", files=files)
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.txt").write_text("mine", "utf-8")
    pull = kitctl("pull-results", "local/odd/1", "--local", "--out", str(out), "--json")
    check("pull-results odd", pull)


def test_package_dry_run_and_doctor(kitctl: Kitctl, project: Path) -> None:
    report = '{"skipped_photos": [{"path": "a.jpg", "reason": "empty"}], "seconds": {"fit": 1.5}}'
    main = MAIN.replace('print("session 1")', f"Path('run.json').write_text({report!r})")
    packed_job(project, {"job/main.py": main}, id="small-job")
    check("package", kitctl("package", "--json"))
    check("settings", kitctl("settings", "--json"))
    check("dry-run", kitctl("dry-run", "--json"))
    check("dry-run --set", kitctl("dry-run", "--set", "epochs=13", "--json"))
    check("doctor", kitctl("doctor", "--local", "--json"))


def test_init(kitctl: Kitctl) -> None:
    check("init", kitctl("init", "digits", "--template", "sklearn", "--json"))


def test_pipelines_and_sweep(kitctl: Kitctl, project: Path) -> None:
    packed_job(project, {"job/main.py": MEASURING}, id="small-job")
    check("pipelines", kitctl("pipelines", "--json"))
    check("sweep", kitctl("sweep", "--set", "units=6,32", "--json"))
    pushed = kitctl("sweep", "--set", "units=6,32", "--push", "--local", "--json")
    check("sweep --push", pushed)


def test_a_sweep_by_trials(kitctl: Kitctl, project: Path) -> None:
    write_script(project, "print('val_loss 0.5')")
    words = ("sweep", "--local", "--metric", "val_loss", "--json", "--set", "lr=1,2")
    check("sweep --plan", kitctl(*words, "--plan", "--", "{lr}"))
    check("sweep of trials", kitctl(*words, "--", "{lr}"))


def test_datasets(kitctl: Kitctl, local_kaggle: LocalKaggle, tmp_path: Path) -> None:
    folder = photo_folder(tmp_path / "my-photos", train=1, valid=1)
    (folder / "notes.txt").write_text("x", "utf-8")
    (folder / "empty").mkdir()
    check("datasets check", kitctl("datasets", "check", str(folder), "--json"))
    check("datasets push", kitctl("datasets", "push", str(folder), "--local", "--json"))
    check("datasets list", kitctl("datasets", "list", "--local", "--json"))
    check("datasets status", kitctl("datasets", "status", "my-photos", "--local", "--json"))
    pull = ("datasets", "pull", "my-photos", "--out", str(tmp_path / "out"), "--local", "--json")
    check("datasets pull", kitctl(*pull))


def test_submit_and_models(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    local_kaggle.stand_in("competitions/small-contest", competition_folder(tmp_path / "contest"))
    write_script(project, SUBMISSION, competition_sources=["small-contest"])
    kitctl("push", "--local", "--follow")
    check("submit", kitctl("submit", "--local", "--wait", "--json"))
    check("models push", kitctl("models", "push", "--files", "*.csv", "--local", "--json"))


def test_local(kitctl: Kitctl, tmp_path: Path) -> None:
    state = ("--state", str(tmp_path / "state"), "--json")
    check("local start", kitctl("local", "start", *state))
    check("local status", kitctl("local", "status", *state))
    check("local reset", kitctl("local", "reset", "--yes", *state))
    check("local stop", kitctl("local", "stop", *state))
    check("local reset refused", kitctl("local", "reset", *state))


def test_local_serve(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "kitctl", "local", "serve", "--json"]
    serving = subprocess.Popen(
        [*words, "--state", str(tmp_path / "state")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    with serving:
        until(lambda: is_up(tmp_path / "state"))
        serving.send_signal(signal.SIGINT)
        out, _ = serving.communicate(timeout=30)
    check("local serve", CommandCall(serving.returncode, out, ""))


def is_up(state: Path) -> bool:
    try:
        return LocalKaggle(state, None).admin("health")["pid"] > 0
    except (OSError, IndexError, ValueError, AnsweredError):
        return False


@pytest.mark.parametrize(
    ("case", "words"),
    [("version", ("--version",)), ("usage error", ("runs", "--limit", "0"))],
)
def test_answers_that_need_no_project(case: str, words: tuple[str, ...], kitctl: Kitctl) -> None:
    check(case, kitctl(*words, "--json"))


def test_an_error_with_problems(kitctl: Kitctl, project: Path) -> None:
    write_script(project, "print()", title="x", language="perl")
    check("invalid metadata", kitctl("package", "--json"))
