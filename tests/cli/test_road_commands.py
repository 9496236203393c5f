"""The commands of the road, from the words that are typed to the exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.local_kaggle import LocalKaggle, until
from support.local_setup import LAST_WEEK
from support.projects import packed_job

from kitctl.cli.main import main

METADATA = {
    "id": "small-job",
    "title": "Small job",
    "code_file": "train.py",
    "language": "python",
    "kernel_type": "script",
    "is_private": "true",
    "enable_gpu": "false",
    "enable_tpu": "false",
    "enable_internet": "false",
    "machine_shape": "",
    "dataset_sources": [],
    "competition_sources": [],
    "kernel_sources": [],
    "model_sources": [],
}
SESSION = (
    "import os, re, time\n"
    "print('session', re.search(r'-(\\d+)-webtier', os.environ['KAGGLE_CONTAINER_NAME'])[1],"
    " flush=True)\n"
)


@dataclass
class Called:
    """One call of kitctl."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        """The one JSON object on stdout."""
        (line,) = self.out.splitlines()
        answer: dict[str, Any] = json.loads(line)
        assert answer["schema"] == "kitctl/1"
        assert answer["ok"] == (self.code == 0)
        return answer

    @property
    def data(self) -> Any:
        return self.answer["data"]


Kit = Callable[..., Called]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local_kaggle: LocalKaggle) -> Path:
    """A project with a lone script; kitctl's home leads to the test's local Kaggle."""
    home, folder = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    folder.mkdir()
    (home / "local").symlink_to(local_kaggle.state, target_is_directory=True)
    monkeypatch.setenv("KITCTL_HOME", str(home))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("COLUMNS", "200")
    for name in [name for name in os.environ if name.startswith("KAGGLE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    write(folder, "print('hello')")
    return folder


def write(project: Path, script: str, **metadata: object) -> None:
    (project / "train.py").write_text(script, "utf-8")
    (project / "kernel-metadata.json").write_text(json.dumps(METADATA | metadata), "utf-8")


@pytest.fixture
def kit(project: Path, capsys: pytest.CaptureFixture[str]) -> Kit:
    def call(*words: str) -> Called:
        capsys.readouterr()
        code = main(list(words))
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Called(code, said.out, said.err)

    return call


def test_the_whole_road(kit: Kit, project: Path, local_kaggle: LocalKaggle) -> None:
    script = "open('metrics.json', 'w').write('{\"loss\": 0.5}'); print('trained')"
    write(project, script)
    pushed = kit("push", "--local", "--json").data
    assert pushed["run"] == "local/small-job/1" and pushed["version"] == 1
    assert {"url", "script_sha256", "accelerator", "forecast_seconds", "quota", "warnings"} <= set(
        pushed
    )
    waited = kit("wait", "--local", "--json").data
    assert waited["status"] == "COMPLETE" and waited["failure_message"] is None
    status = kit("status", "1", "--local", "--json").data
    assert {"run", "status", "failure_message", "queued_seconds", "running_seconds"} <= set(status)
    lines = kit("logs", "v1", "--local", "--json").data["lines"]
    assert [line["text"] for line in lines] == ["trained"]
    assert re.fullmatch(r"\[v1 00:00:\d\d\] trained\n", kit("logs", "--local").out)
    assert kit("logs", "--local", "--raw").out == "trained\n"
    (run,) = kit("runs", "--local", "--json").data["runs"]
    assert (run["run"], run["status"]) == ("local/small-job/1", "COMPLETE")
    pulled = kit("pull-results", "--local", "--json").data
    assert pulled["out"] == str(project / "results" / "small-job" / "v1")
    assert pulled["metrics"] == {"loss": 0.5} and pulled["verified"] is False
    (file,) = pulled["files"]
    assert (file["path"], file["state"]) == ("metrics.json", "fetched")
    assert set(file) == {"path", "bytes", "sha256", "state"}
    again = kit("pull-results", "local/small-job/1", "--local", "--json").data
    assert [file["state"] for file in again["files"]] == ["kept"]


def test_a_push_reuses_the_features_that_an_earlier_run_kept(kit: Kit, project: Path) -> None:
    """The earlier run is attached as a source, and the job is told where to look."""
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
    first = kit("push", "--local", "--follow")
    assert first.code == 0 and "computed" in first.out
    second = kit("push", "--local", "--follow", "--reuse-features", "1")
    assert second.code == 0 and "kept by the first run" in second.out
    plan = kit("push", "--local", "--plan", "--json", "--reuse-features", "v1").data
    assert plan["sources"]["kernels"] == ["local/small-job"]


def test_people_see_what_happened_and_what_to_type_next(kit: Kit) -> None:
    pushed = kit("push", "--local")
    assert "local/small-job/1 ✓ queued" in pushed.out
    assert "kitctl logs --local -f 1" in pushed.err
    assert "complete" in kit("wait", "--local").out
    assert "small-job/1" in kit("runs", "--local").out
    assert "no manifest" in kit("pull-results", "--local").out


def test_following_a_push_shows_its_log_and_ends_as_the_run_does(kit: Kit, project: Path) -> None:
    write(project, "print('one', flush=True); raise SystemExit(3)")
    followed = kit("push", "--local", "--follow")
    assert followed.code == 6
    assert re.search(r"^\[v1 00:00:\d\d\] one$", followed.out, re.MULTILINE)
    assert "kitctl pull-results --local 1" in followed.err
    answer = kit("push", "--local", "--follow", "--json", "--force").answer
    assert answer["error"]["code"] == "run_failed"
    assert (answer["data"]["version"], answer["data"]["status"]) == (2, "ERROR")


def test_a_failed_run_is_exit_code_6_everywhere_and_its_part_is_pulled(
    kit: Kit, project: Path
) -> None:
    write(project, "open('part.txt', 'w').write('half'); raise SystemExit(1)")
    kit("push", "--local")
    assert kit("wait", "--local").code == 6
    status = kit("status", "--local", "--json")
    assert status.code == 6 and status.data["status"] == "ERROR"
    assert kit("logs", "-f", "--local").code == 6
    pulled = kit("pull-results", "--local", "--json")
    assert pulled.code == 6
    assert [file["path"] for file in pulled.data["files"]] == ["part.txt"]
    assert Path(pulled.data["log"]).is_file()


def test_a_cancelled_run_is_exit_code_7(kit: Kit, project: Path, local_kaggle: LocalKaggle) -> None:
    write(project, f"{SESSION}time.sleep(600)")
    kit("push", "--local")
    until(lambda: local_kaggle.status("small-job") == "RUNNING")
    cancelled = kit("cancel", "--local", "--json")
    assert cancelled.code == 0
    assert cancelled.data["run"] == "local/small-job/1"
    assert cancelled.data["status"] == "CANCEL_ACKNOWLEDGED"
    assert kit("status", "--local").code == 7
    assert kit("pull-results", "--local").code == 7


def test_a_guard_refuses_with_exit_code_4_and_names_the_way_past_it(kit: Kit) -> None:
    kit("push", "--local")
    kit("wait", "--local")
    refused = kit("push", "--local", "--json")
    assert refused.code == 4
    assert refused.answer["error"]["code"] == "same_script"
    assert "--force" in refused.answer["error"]["hint"]
    assert kit("push", "--local", "--force", "--json").data["version"] == 2


def test_a_plan_sends_nothing_and_needs_no_account(
    kit: Kit, local_kaggle: LocalKaggle, project: Path
) -> None:
    plan = kit("push", "--plan", "--json", "--accelerator", "t4x2", "--timeout", "2h").data
    assert (plan["kernel"], plan["accelerator"]) == ("small-job", "NvidiaTeslaT4")
    assert plan["timeout_seconds"] == 7200
    assert "small-job" in kit("push", "--plan", "--local").out
    assert local_kaggle.calls("SaveKernel") == 0
    assert not (project.parent / "home" / "ledger.sqlite").exists()


def test_the_truth_about_the_p100_is_told(kit: Kit) -> None:
    warnings = kit("push", "--plan", "--json", "--accelerator", "p100").data["warnings"]
    assert any("retired" in warning for warning in warnings)


def test_without_credentials_nothing_is_sent_and_it_says_where_to_get_some(kit: Kit) -> None:
    refused = kit("push", "--json")
    assert refused.code == 4 and refused.answer["error"]["code"] == "no_credentials"


@pytest.mark.parametrize(
    "words",
    [
        ("status", "last"),
        ("status", "0"),
        ("push", "--timeout", "soon"),
        ("push", "--timeout", "13h"),
        ("wait", "--timeout", "x"),
        ("runs", "--status", "odd"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(kit: Kit, words: tuple[str, ...]) -> None:
    called = kit(*words, "--local", "--json")
    assert called.code == 2
    assert called.answer["error"]["hint"]


def test_a_project_without_runs_says_what_to_do(kit: Kit) -> None:
    called = kit("status", "--local", "--json")
    assert called.code == 3 and called.answer["error"]["code"] == "no_run"


def test_runs_are_chosen_by_state_number_and_project(kit: Kit, project: Path) -> None:
    for number in range(3):
        write(project, f"raise SystemExit({number % 2})")
        kit("push", "--local", "--force")
        kit("wait", "--local")
    listed = kit("runs", "--local", "--status", "complete", "--json").data["runs"]
    assert [run["version"] for run in listed] == [3, 1]
    assert len(kit("runs", "--local", "--limit", "1", "--json").data["runs"]) == 1
    write(project, "print()", id="another-job", title="Another job")
    assert kit("runs", "--local", "--json").data["runs"] == []
    assert len(kit("runs", "--local", "--all", "--json").data["runs"]) == 3


def test_a_run_named_whole_needs_no_project(
    kit: Kit, local_kaggle: LocalKaggle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local_kaggle.seed("elsewhere", files=[{"name": "a.txt", "text": "alpha"}], **LAST_WEEK)
    outside = tmp_path / "outside"
    outside.mkdir()
    monkeypatch.chdir(outside)
    assert kit("status", "local/elsewhere/1", "--local").code == 0
    assert kit("pull-results", "local/elsewhere/1", "--local").code == 0
    assert (outside / "results" / "elsewhere" / "v1" / "a.txt").read_text("utf-8") == "alpha"


def test_the_tail_of_a_log(kit: Kit, project: Path) -> None:
    write(project, "for n in range(9): print(n)")
    kit("push", "--local")
    kit("wait", "--local")
    assert kit("logs", "--tail", "2", "--raw", "--local").out == "7\n8\n"
    assert kit("logs", "-f", "--tail", "2", "--raw", "--local").out == "7\n8\n"


def test_ctrl_c_while_following_leaves_the_run_running_and_says_what_to_type(
    project: Path, local_kaggle: LocalKaggle
) -> None:
    write(project, f"{SESSION}print('training', flush=True)\ntime.sleep(600)")
    words = [sys.executable, "-m", "kitctl", "push", "--local", "--follow"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as followed:
        assert followed.stdout and followed.stderr
        while "training" not in followed.stdout.readline():
            assert followed.poll() is None
        followed.send_signal(signal.SIGINT)
        said = followed.stderr.read()
        assert followed.wait(30) == 130
    for command in ("logs --local -f 1", "cancel --local 1", "pull-results --local 1"):
        assert f"kitctl {command}" in said
    assert "Traceback" not in said
    assert local_kaggle.status("small-job") == "RUNNING"


def test_the_token_is_never_shown(kit: Kit, local_kaggle: LocalKaggle) -> None:
    local_kaggle.fault("status", "*", status=401, count=None)
    for words in (("push",), ("status", "1"), ("wait", "1", "--json")):
        called = kit(*words, "--local")
        assert called.code == 4
        assert local_kaggle.token not in called.out + called.err


def test_jobs_under_way_are_pulled_when_they_ended(kit: Kit, project: Path) -> None:
    write(project, "import time; time.sleep(1); open('late.txt', 'w').write('x')")
    kit("push", "--local")
    refused = kit("pull-results", "--local", "--json")
    assert refused.code == 4 and "--wait" in refused.answer["error"]["hint"]
    pulled = kit("pull-results", "--local", "--wait", "--json")
    assert [file["path"] for file in pulled.data["files"]] == ["late.txt"]


def test_doctor_asks_kaggle_what_it_takes_and_shows(kit: Kit, project: Path) -> None:
    well = kit("doctor", "--local", "--json").data
    told = {check["name"]: check for check in well["checks"]}
    assert told["credentials"]["ok"] and "account local" in told["credentials"]["detail"]
    assert told["clock"]["ok"] and told["sources on Kaggle"]["ok"]
    write(project, "print('hello')", dataset_sources=["local/there-is-none"])
    ill = kit("doctor", "--local", "--json")
    assert ill.code == 3
    told = {check["name"]: check for check in ill.data["checks"]}
    wrong = told["sources on Kaggle"]
    assert not wrong["ok"] and "local/there-is-none" in wrong["detail"] and wrong["fix"]


def test_doctor_without_credentials_ends_as_a_push_would(kit: Kit) -> None:
    called = kit("doctor", "--json")
    assert called.code == 4
    (wrong,) = [check for check in called.data["checks"] if not check["ok"]]
    assert wrong["name"] == "credentials" and "kaggle.com/settings" in wrong["fix"]


def test_a_local_kaggle_that_was_reset_has_no_runs_left_in_the_ledger(kit: Kit) -> None:
    kit("push", "--local")
    kit("wait", "--local")
    assert kit("local", "reset", "--yes").code == 0
    assert kit("runs", "--local", "--json").data["runs"] == []
    assert kit("push", "--local", "--json").data["version"] == 1
