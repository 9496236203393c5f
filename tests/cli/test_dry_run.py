"""`kitctl dry-run` of a small job."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import Kitctl, write_script
from support.local_kaggle import until
from support.projects import packed_job, single_script, write_files


def test_dry_run_checks_the_outputs_and_names_push_as_next(kitctl: Kitctl, project: Path) -> None:
    packed_job(project)
    run = kitctl("dry-run")
    assert run.code == 0
    assert "✓ epochs (2)" in run.out
    assert "next: kitctl push --local --follow   (or, with an account: kitctl push)" in run.err
    assert (project / "results" / "small-job" / "dry-run" / "epochs.txt").read_text() == "2"


def test_full_keeps_the_jobs_own_epochs(kitctl: Kitctl, project: Path) -> None:
    packed_job(project)
    assert kitctl("dry-run", "--full", "--json").data["epochs"] == 5


def test_full_refuses_photos_and_epochs(kitctl: Kitctl, project: Path) -> None:
    packed_job(project)
    assert kitctl("dry-run", "--full", "--epochs", "1", "--json").code == 2


def test_the_jobs_own_reason_is_said_however_much_is_printed_beside_it(
    kitctl: Kitctl, project: Path
) -> None:
    packed_job(project)
    (project / "job" / "main.py").write_text(
        "import sys\n"
        "print('error: the photos are missing', file=sys.stderr, flush=True)\n"
        "print(*range(1000), sep='\\n')\n"
        "sys.exit(3)\n",
        "utf-8",
    )
    refused = kitctl("dry-run", "--json")
    assert (refused.code, refused.error["code"]) == (3, "job_input")
    assert "the photos are missing" in refused.error["message"]


def test_dry_run_warns_of_epochs_that_the_script_does_not_know(
    kitctl: Kitctl, project: Path
) -> None:
    single_script(project, "open('a.txt', 'w').write('a')")
    run = kitctl("dry-run", "--epochs", "3")
    assert run.code == 0
    assert "--epochs has no effect" in run.err


@pytest.mark.parametrize(("data", "code"), [("no-folder", 2), ("unknown=.", 3), ("a/b c=.", 2)])
def test_dry_run_refuses_data_that_stands_for_no_source(
    kitctl: Kitctl, project: Path, data: str, code: int
) -> None:
    packed_job(project)
    assert kitctl("dry-run", "--data", data, "--json").code == code


def test_dry_run_reads_a_data_set_that_the_job_does_not_name_as_a_push_does(
    kitctl: Kitctl, project: Path, tmp_path: Path
) -> None:
    write_files(tmp_path / "photos", {"a.txt": "mine"})
    single_script(project, "print(open('/kaggle/input/datasets/me/my-photos/a.txt').read())")
    run = kitctl("dry-run", "--data", f"me/My-Photos={tmp_path / 'photos'}")
    assert run.code == 0, run.err
    assert "mine" in run.err
    # Pushed without the option, the job would run without its data.
    assert f"account: kitctl push --data me/my-photos={tmp_path / 'photos'})" in run.err


def test_ctrl_c_ends_a_dry_run_with_every_process_it_started(tmp_path: Path) -> None:
    single_script(
        tmp_path,
        """
        import subprocess, time
        child = subprocess.Popen(["setsid", "sleep", "1234.5"])
        time.sleep(1000)
        """,
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "kitctl", "dry-run", "--project", str(tmp_path), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        until(sleepers)
        os.killpg(process.pid, signal.SIGINT)
        answer = json.loads(process.communicate(timeout=30)[0])
        until(lambda: not sleepers())
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert answer["error"]["code"] == "interrupted"
    assert not list((tmp_path / "results").rglob("*.log"))


def sleepers() -> list[Path]:
    """The processes that the script of the test above has started, wherever they have gone."""
    return [path for path in Path("/proc").iterdir() if b"sleep\x001234.5" in command(path)]


def command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def test_without_isolation_a_warning_says_so_before_the_script_runs(
    kitctl: Kitctl, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    single_script(project, "print('the first line')")
    shown = kitctl("dry-run").err
    warning = shown.index("warning: Not isolated, because this machine allows no namespaces")
    assert warning < shown.index("the first line")


def test_dry_run_says_how_to_give_a_secret(kitctl: Kitctl, project: Path) -> None:
    script = """
        import sys
        from kaggle_secrets import UserSecretsClient
        try:
            UserSecretsClient().get_secret("HF")
        except Exception as error:
            sys.exit(f"error: {error}")
    """
    single_script(project, script)
    run = kitctl("dry-run")
    assert run.code == 6
    assert "KITCTL_SECRET_HF=VALUE kitctl dry-run" in run.err


def test_a_run_by_another_python_leads_to_kaggle_and_not_to_the_local_one(
    kitctl: Kitctl, project: Path
) -> None:
    write_script(project, "open('a.txt', 'w').close()")
    run = kitctl("dry-run", "--python", sys.executable)
    assert "next: kitctl push --follow   (with an account)" in run.err
