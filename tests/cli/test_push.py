"""`kitctl push`, through the local Kaggle."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import METADATA, PRINT_SESSION, Kitctl, write_script
from support.local_kaggle import LocalKaggle, until
from support.projects import packed_job

# A script that could use both GPUs, as far as its text tells, and only waits.
GPU_SCRIPT = """# {slug}
import time
if False:
    import torch
    torch.nn.DataParallel
time.sleep(600)
"""


def test_push_returns_the_run_its_address_and_the_quota(kitctl: Kitctl) -> None:
    pushed = kitctl("push", "--local", "--json").data
    assert (pushed["run"], pushed["version"]) == ("local/small-job/1", 1)
    assert pushed["url"].endswith("local/small-job")
    assert pushed["accelerator"] == "cpu"


def test_push_prints_the_run_and_the_next_commands(kitctl: Kitctl) -> None:
    pushed = kitctl("push", "--local")
    assert "local/small-job/1 ✓ queued" in pushed.out
    assert "kitctl logs --local -f 1 | kitctl pull-results --local 1 --wait" in pushed.err


def test_push_attaches_the_features_that_an_earlier_run_kept(kitctl: Kitctl, project: Path) -> None:
    job = """
        from pathlib import Path
        from job._job import JOB

        source = JOB["settings"].get("reuse_features")
        attached = Path("../input/notebooks") / source / "features" if source else None
        print(attached.joinpath("key.json").read_text() if attached else "computed")
        Path("features").mkdir()
        Path("features/key.json").write_text("kept by the first run")
    """
    packed_job(project, {"job/main.py": job}, **METADATA | {"code_file": "job/main.py"})
    first = kitctl("push", "--local", "--follow")
    assert first.code == 0 and "computed" in first.out
    second = kitctl("push", "--local", "--follow", "--reuse-features", "1")
    assert second.code == 0 and "kept by the first run" in second.out
    plan = kitctl("push", "--local", "--plan", "--json", "--reuse-features", "v1").data
    assert plan["sources"]["kernels"] == ["local/small-job"]


def test_push_to_a_tpu_is_refused_until_it_is_forced(kitctl: Kitctl, project: Path) -> None:
    write_script(project, "import jax")
    refused = kitctl("push", "--local", "--json", "--accelerator", "tpu").envelope
    assert refused["error"]["code"] == "tpu_image"
    assert "without TPU support" in refused["error"]["message"]
    forced = kitctl("push", "--local", "--json", "--accelerator", "tpu", "--force")
    assert forced.code == 0
    assert any("without TPU support" in warning for warning in forced.data["warnings"])


def test_push_follow_prints_the_log_and_exits_with_6_when_the_run_fails(
    kitctl: Kitctl, project: Path
) -> None:
    write_script(project, "print('one', flush=True); raise SystemExit(3)")
    followed = kitctl("push", "--local", "--follow")
    assert followed.code == 6
    assert re.search(r"^\[v1 00:00:\d\d\] one$", followed.out, re.MULTILINE)
    assert "kitctl pull-results --local 1" in followed.err
    again = kitctl("push", "--local", "--follow", "--json", "--force").envelope
    assert again["error"]["code"] == "run_failed"
    assert (again["data"]["version"], again["data"]["status"]) == (2, "ERROR")


def test_ctrl_c_while_following_leaves_the_run_running_and_names_the_next_commands(
    project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, f"{PRINT_SESSION}print('training', flush=True)\ntime.sleep(600)")
    words = [sys.executable, "-m", "kitctl", "push", "--local", "--follow"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as following:
        assert following.stdout and following.stderr
        while "training" not in following.stdout.readline():
            assert following.poll() is None
        following.send_signal(signal.SIGINT)
        err = following.stderr.read()
        assert following.wait(30) == 130
    for command in ("logs --local -f 1", "cancel --local 1", "pull-results --local 1"):
        assert f"kitctl {command}" in err
    assert "Traceback" not in err
    assert local_kaggle.status("small-job") == "RUNNING"


def test_push_refuses_a_script_that_ran_already_and_names_again(kitctl: Kitctl) -> None:
    kitctl("push", "--local")
    kitctl("wait", "--local")
    refused = kitctl("push", "--local", "--json")
    assert (refused.code, refused.error["code"]) == (4, "same_script")
    assert "--again" in refused.error["hint"]
    assert kitctl("push", "--local", "--force", "--json").data["version"] == 2


def test_push_plan_sends_nothing_and_needs_no_account(
    kitctl: Kitctl, local_kaggle: LocalKaggle, project: Path
) -> None:
    plan = kitctl("push", "--plan", "--json", "--accelerator", "t4x2", "--timeout", "2h").data
    assert (plan["kernel"], plan["accelerator"]) == ("small-job", "NvidiaTeslaT4")
    assert plan["timeout_seconds"] == 7200
    assert "small-job" in kitctl("push", "--plan", "--local").out
    assert local_kaggle.calls("SaveKernel") == 0
    assert not (project.parent / "home" / "ledger.sqlite").exists()


def test_push_warns_that_the_p100_is_retired(kitctl: Kitctl) -> None:
    warnings = kitctl("push", "--plan", "--json", "--accelerator", "p100").data["warnings"]
    assert any("retired" in warning for warning in warnings)


def test_push_without_credentials_sends_nothing(kitctl: Kitctl) -> None:
    refused = kitctl("push", "--json")
    assert (refused.code, refused.error["code"]) == (4, "no_credentials")
    assert "kaggle.com/settings" in refused.error["hint"]


@pytest.mark.parametrize("timeout", ["soon", "13h", "0"])
def test_push_refuses_a_timeout_that_no_session_can_have(kitctl: Kitctl, timeout: str) -> None:
    refused = kitctl("push", "--local", "--json", "--timeout", timeout)
    assert (refused.code, refused.error["code"]) == (2, "bad_timeout")
    assert "such as 90m" in refused.error["hint"]


def gpu_project(folder: Path, slug: str) -> str:
    """Write a project whose script waits on two T4s; return its folder."""
    folder = folder / slug
    folder.mkdir(exist_ok=True)
    write_script(
        folder,
        GPU_SCRIPT.format(slug=slug),
        id=slug,
        title=slug.replace("-", " ").capitalize(),
        enable_gpu="true",
        machine_shape="NvidiaTeslaT4",
    )
    return str(folder)


def test_push_refuses_when_the_quota_cannot_hold_it(
    kitctl: Kitctl, midweek: LocalKaggle, tmp_path: Path
) -> None:
    midweek.use_elsewhere("gpu", "2026-11-23T00:00:00Z", "2026-11-24T04:30:00Z")
    push = ("push", "--local", "--project", gpu_project(tmp_path, "car-runs"), "--json")

    refused = kitctl(*push, "--timeout", "2h")
    assert (refused.code, refused.error["code"]) == (4, "quota_exceeded")
    assert "1 h 30 min" in refused.error["message"]
    assert "--timeout 1h30m" in refused.error["hint"]
    assert midweek.calls("SaveKernel") == 0

    forced = kitctl(*push, "--timeout", "2h", "--force")
    assert any("1 h 30 min" in warning for warning in forced.data["warnings"])
    assert midweek.calls("SaveKernel") == 1


def test_of_two_pushes_at_once_only_one_passes_where_the_quota_holds_one(
    project: Path, midweek: LocalKaggle, tmp_path: Path
) -> None:
    midweek.use_elsewhere("gpu", "2026-11-23T00:00:00Z", "2026-11-24T03:00:00Z")
    midweek.fault("latency", seconds=0.2)
    words = [sys.executable, "-m", "kitctl", "push", "--local", "--timeout", "2h", "--json"]
    pushes = [
        subprocess.Popen(
            [*words, "--project", gpu_project(tmp_path, slug)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        for slug in ("first-one", "second-one")
    ]
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in pushes]
    assert sorted(process.returncode for process in pushes) == [0, 4]
    (refused,) = (answer for answer in answers if not answer["ok"])
    assert refused["error"]["code"] == "quota_exceeded"
    assert midweek.calls("SaveKernel") == 1


def test_push_refuses_a_third_gpu_session_before_kaggle_does(
    kitctl: Kitctl, midweek: LocalKaggle, tmp_path: Path
) -> None:
    push = ("push", "--local", "--timeout", "1h", "--json", "--project")
    for slug in ("first-one", "second-one"):
        assert kitctl(*push, gpu_project(tmp_path, slug)).code == 0
    third = gpu_project(tmp_path, "third-one")
    refused = kitctl(*push, third)
    assert (refused.code, refused.error["code"]) == (4, "sessions_full")
    assert f"kitctl wait --local --project {tmp_path}/third-one local/" in refused.error["hint"]
    assert midweek.calls("SaveKernel") == 2
    until(lambda: midweek.status("second-one") == "RUNNING")
    assert kitctl(*push, third, "--accelerator", "cpu").code == 0


def test_a_secret_of_the_commands_environment_reaches_the_run_and_stands_nowhere(
    kitctl: Kitctl, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = "hf_0123456789"
    read = "from kaggle_secrets import UserSecretsClient\n"
    write_script(
        project, f"{read}print(UserSecretsClient().get_secret('HF') == '{value[::-1]}'[::-1])"
    )
    monkeypatch.setenv("KITCTL_SECRET_HF", value)
    pushed = kitctl("push", "--local", "--follow", "--json")
    assert pushed.code == 0 and value not in pushed.out + pushed.err
    assert "True" in kitctl("logs", "--local", "1").out
    folders = [Path(os.environ["KITCTL_HOME"]), project]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert files and not [path for path in files if value.encode() in path.read_bytes()]


def test_a_newer_version_of_its_data_set_makes_the_same_script_another_run(
    kitctl: Kitctl, project: Path
) -> None:
    data = project / "photos"
    data.mkdir()
    (data / "a.txt").write_text("one")
    upload = ("datasets", "push", str(data), "--id", "photos", "--title", "Photos", "--local")
    assert kitctl(*upload).code == 0
    write_script(project, "print(1)", dataset_sources=["local/photos"])
    assert kitctl("push", "--local", "--follow").code == 0
    refused = kitctl("push", "--local", "--json")
    assert (refused.code, refused.error["code"]) == (4, "same_script")
    assert "kitctl push --local --again" in refused.error["hint"]
    (data / "a.txt").write_text("two")
    assert kitctl(*upload).code == 0
    assert kitctl("push", "--local", "--follow", "--json").data["version"] == 2
    assert kitctl("push", "--local", "--json").code == 4
    assert kitctl("push", "--local", "--again", "--json").data["version"] == 3


def test_a_script_that_clones_a_repository_may_run_again(kitctl: Kitctl, project: Path) -> None:
    script = "import subprocess\nif 0:\n    subprocess.run(['git', 'clone', 'https://x/y'])"
    write_script(project, script, enable_internet="true")
    for version in (1, 2):
        assert kitctl("push", "--local", "--follow", "--json").data["version"] == version
