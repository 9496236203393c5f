"""The frame of every command: global options, ways out, and what start-up may not load."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.projects import lone_script, packed_job

from kitctl.cli.main import main

KITCTL = (sys.executable, "-m", "kitctl")


@pytest.mark.parametrize(
    "words",
    [
        ("--json", "--project", "PROJECT", "package"),
        ("package", "--json", "--project", "PROJECT"),
        ("--project=PROJECT", "package", "--json"),
        ("--json", "package", "--project=PROJECT"),
    ],
)
def test_global_options_stand_before_the_command_or_after_it(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed_job(tmp_path)
    assert main([word.replace("PROJECT", str(tmp_path)) for word in words]) == 0
    assert json.loads(capsys.readouterr().out)["data"]["out"] == str(tmp_path / "package")


def test_the_project_is_the_nearest_folder_upwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    packed_job(tmp_path)
    monkeypatch.chdir(tmp_path / "job")
    assert main(["package", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["data"]["out"] == str(tmp_path / "package")


def test_without_a_project_the_next_step_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["package", "--json"]) == 3
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "no_project"
    assert "--project" in error["hint"]


@pytest.mark.parametrize("words", [["-h"], ["--help"], ["package", "-h"], []])
def test_help_is_data_and_no_failure(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    said = capsys.readouterr()
    assert "Usage: kitctl" in said.out
    assert "--project" in said.out
    assert said.err == ""


def test_a_bug_is_told_as_one_and_its_traceback_only_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the token is KGAT_secret")

    packed_job(tmp_path)
    monkeypatch.setattr("kitctl.operations.package.plan", broken)
    assert main(["package", "--project", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "a bug of its own: RuntimeError" in said
    assert "Traceback" not in said
    assert "KGAT_secret" not in said
    assert main(["package", "--project", str(tmp_path), "--verbose"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_folder_without_permission_is_no_bug(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed_job(tmp_path)
    assert main(["package", "--project", str(tmp_path), "--out", "/proc/none", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "system"


def test_a_reader_that_has_read_enough_is_no_failure(tmp_path: Path) -> None:
    packed_job(tmp_path)
    with subprocess.Popen(
        [*KITCTL, "package", "--project", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 0
    assert "Error" not in said
    assert "Exception" not in said


def test_ctrl_c_ends_a_dry_run_with_everything_it_started(tmp_path: Path) -> None:
    lone_script(
        tmp_path,
        """
        import subprocess, time
        child = subprocess.Popen(["setsid", "sleep", "1234.5"])
        time.sleep(1000)
        """,
    )
    process = subprocess.Popen(
        [*KITCTL, "dry-run", "--project", str(tmp_path), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        await_true(sleepers)
        os.killpg(process.pid, signal.SIGINT)
        answer = json.loads(process.communicate(timeout=30)[0])
        await_true(lambda: not sleepers())
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


def await_true(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from kitctl.cli.main import main\n"
        "assert main(['--help']) == 0\n"
        "assert main(['package', '--help']) == 0\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert done.returncode == 0
    heavy = {
        "tensorflow",
        "keras",
        "numpy",
        "pandas",
        "matplotlib",
        "kaggle",
        "kagglesdk",
        "requests",
        "rich",
        "sqlite3",
        "starlette",
        "uvicorn",
    }
    assert not heavy & set(done.stderr.split())
