"""`kitctl push --data` and `--when-free`, through the local Kaggle."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import CommandCall, Kitctl, write_script
from support.datasets_on_kaggle import versions
from support.local_kaggle import LocalKaggle
from support.photo_folders import photo_folder

READ = (
    "import pathlib\n"
    "for folder in ('../input/datasets/local/my-photos', '../input/datasets/me/my-photos'):\n"
    "    print(len(list(pathlib.Path(folder).rglob('*.jpg'))))\n"
)
SLEEP = "import time; time.sleep({seconds})"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return photo_folder(tmp_path / "my-photos", train=1, valid=1)


def test_push_sends_the_folder_first_and_only_when_it_changed(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, photos: Path
) -> None:
    write_script(project, READ)
    words = ("push", "--local", "--data", f"my-photos={photos}", "--follow")
    first = kitctl(*words)
    assert first.code == 0 and "local/my-photos version 1: a version was made" in first.err
    assert [line["data"] for line in local_kaggle.log("small-job")] == ["4\n", "0\n"]
    again = kitctl(*words, "--force")
    assert again.code == 0 and "local/my-photos version 1: unchanged" in again.err
    assert versions(local_kaggle) == 1


def test_no_data_are_uploaded_for_a_job_that_would_be_refused(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, photos: Path
) -> None:
    write_script(project, SLEEP.format(seconds=60))
    assert kitctl("push", "--local").code == 0
    write_script(project, READ)
    refused = kitctl("push", "--local", "--data", f"my-photos={photos}", "--json")
    assert (refused.code, refused.error["code"]) == (4, "run_under_way")
    assert local_kaggle.calls("StartBlobUpload") == 0
    kitctl("cancel", "--local")


def test_another_owners_data_set_is_the_accounts_own_on_the_local_kaggle(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, photos: Path
) -> None:
    write_script(project, READ, dataset_sources=["me/my-photos"])
    assert kitctl("push", "--local", "--data", f"my-photos={photos}", "--follow").code == 0
    assert versions(local_kaggle) == 1
    assert [line["data"] for line in local_kaggle.log("small-job")] == ["0\n", "4\n"]


def test_a_folder_replaces_the_one_of_the_projects_settings(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, photos: Path
) -> None:
    (project / "empty").mkdir()
    settings = '[tool.kitctl.sources]\n"me/my-photos" = "empty"\n'
    (project / "pyproject.toml").write_text(settings, "utf-8")
    write_script(project, READ, dataset_sources=["me/my-photos"])
    assert kitctl("push", "--local", "--data", f"my-photos={photos}", "--follow").code == 0
    assert [line["data"] for line in local_kaggle.log("small-job")] == ["0\n", "4\n"]


def test_a_job_with_settings_reads_the_photos_that_come_with_it(
    kitctl: Kitctl, project: Path, photos: Path
) -> None:
    kitctl("init", "cars", "--template", "course")

    def photos_read(*words: str) -> str:
        planned = kitctl("push", "--plan", "--local", "--project", "cars", "--json", *words).data
        return str(planned["settings"]["data"])

    assert photos_read("--data", f"me/my-photos={photos}") == "me/my-photos"
    own = "ryanholbrook/car-or-truck"
    assert photos_read("--data", f"car-or-truck={photos}") == own
    assert photos_read("--data", f"me/my-photos={photos}", "--set", f"data={own}") == own
    named = ("--set", "predict_folder=me/my-photos")
    assert photos_read("--data", f"me/my-photos={photos}", *named) == own


def test_plan_sends_no_data(kitctl: Kitctl, local_kaggle: LocalKaggle, photos: Path) -> None:
    planned = kitctl("push", "--plan", "--local", "--data", f"my-photos={photos}", "--json").data
    assert planned["sources"]["datasets"] == ["local/my-photos"]
    assert local_kaggle.calls("StartBlobUpload") == 0


def test_a_source_that_is_not_ready_has_a_code_of_its_own_and_is_waited_for(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, photos: Path
) -> None:
    local_kaggle.settings(dataset_seconds=1.5)
    kitctl("datasets", "push", str(photos), "--local", "--no-wait")
    write_script(project, READ, dataset_sources=["local/my-photos"])
    refused = kitctl("push", "--local", "--json")
    assert (refused.code, refused.error["code"]) == (4, "source_not_ready")
    assert refused.error["hint"].startswith("kitctl push --local --when-free")
    pushed = kitctl("push", "--local", "--when-free", "--json").data
    assert pushed["waited_seconds"] > 0 and pushed["version"] == 1


def test_three_pushes_at_once_wait_for_the_two_sessions_none_refused_none_doubled(
    project: Path, local_kaggle: LocalKaggle
) -> None:
    projects = [project.with_name(f"job-{number}") for number in range(3)]
    for number, folder in enumerate(projects):
        folder.mkdir()
        write_script(
            folder,
            f"print({number})\n{SLEEP.format(seconds=2)}",
            id=f"job-number-{number}",
            title=f"Job number {number}",
            enable_gpu="true",
            machine_shape="NvidiaTeslaT4",
        )
    words = [
        sys.executable,
        "-m",
        "kitctl",
        "push",
        "--local",
        "--when-free",
        "--timeout",
        "1h",
        "--json",
    ]
    pushes = [
        subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, encoding="utf-8")
        for folder in projects
    ]
    outs = [push.communicate(timeout=60)[0] for push in pushes]
    calls = [CommandCall(push.returncode, out, "") for push, out in zip(pushes, outs, strict=True)]
    assert [call.code for call in calls] == [0, 0, 0], outs
    assert [call.data["version"] for call in calls] == [1, 1, 1]
    assert sorted(call.data["waited_seconds"] > 0 for call in calls) == [False, False, True]
    assert local_kaggle.calls("SaveKernel") == 3


def test_sessions_of_others_are_waited_for_too(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    gpu = {"enableGpu": True, "machineShape": "NvidiaTeslaT4"}
    for slug in ("elsewhere-one", "elsewhere-two"):
        local_kaggle.push(slug, SLEEP.format(seconds=2), **gpu)
    write_script(project, "print(1)", enable_gpu="true", machine_shape="NvidiaTeslaT4")
    assert kitctl("push", "--local", "--json").error["code"] == "push_refused"
    assert kitctl("push", "--local", "--when-free", "--json").data["waited_seconds"] > 0


def test_the_weeks_reset_is_waited_for(kitctl: Kitctl, project: Path, midweek: LocalKaggle) -> None:
    midweek.set_clock("2026-11-27T23:59:58Z")
    midweek.use_elsewhere("gpu", "2026-11-25T00:00:00Z", "2026-11-26T06:00:00Z")
    write_script(project, "print(1)", enable_gpu="true", machine_shape="NvidiaTeslaT4")
    pushed = kitctl("push", "--local", "--when-free", "--timeout", "1h", "--json")
    assert pushed.code == 0 and pushed.data["waited_seconds"] > 0


def test_a_run_that_no_week_has_hours_for_is_refused(
    kitctl: Kitctl, project: Path, midweek: LocalKaggle
) -> None:
    midweek.set_clock("2026-11-27T23:59:59Z")
    midweek.settings(gpu_allowed_seconds=600)
    midweek.use_elsewhere("gpu", "2026-11-25T00:00:00Z", "2026-11-25T00:10:00Z")
    write_script(project, "print(1)", enable_gpu="true", machine_shape="NvidiaTeslaT4")
    refused = kitctl("push", "--local", "--when-free", "--timeout", "1h", "--json")
    assert (refused.code, refused.error["code"]) == (4, "quota_exceeded")


def test_ctrl_c_while_waiting_leaves_nothing_behind(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, SLEEP.format(seconds=600))
    kitctl("push", "--local")
    write_script(project, "print(2)")
    words = [sys.executable, "-m", "kitctl", "push", "--local", "--when-free"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, encoding="utf-8") as push:
        assert push.stderr is not None
        while "Waiting for the kernel's own run" not in push.stderr.readline():
            assert push.poll() is None
        push.send_signal(signal.SIGINT)
        assert "nothing waits" in push.stderr.read()
    assert push.returncode == 130
    runs = kitctl("runs", "--local", "--json").data["runs"]
    assert [run["run"] for run in runs] == ["local/small-job/1"]
    assert local_kaggle.calls("SaveKernel") == 1


def test_a_wait_that_was_killed_goes_on_when_it_is_typed_again(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, SLEEP.format(seconds=5))
    kitctl("push", "--local")
    write_script(project, "print(2)")
    words = [sys.executable, "-m", "kitctl", "push", "--local", "--when-free", "--json"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, encoding="utf-8") as push:
        assert push.stderr is not None
        while "Waiting for the kernel's own run" not in push.stderr.readline():
            assert push.poll() is None
        push.kill()
    assert kitctl(*words[3:]).data["version"] == 2
    assert local_kaggle.calls("SaveKernel") == 2


def test_a_script_that_has_run_already_is_refused_also_when_free(
    kitctl: Kitctl, project: Path
) -> None:
    kitctl("push", "--local", "--follow")
    assert kitctl("push", "--local", "--when-free", "--json").error["code"] == "same_script"
