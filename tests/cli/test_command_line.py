"""The frame of every command: global options, ways out, and what start-up may not load."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.projects import packed_job, single_script

from kitctl.cli.app import MODULES
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
    monkeypatch.setattr("kitctl.operations.shared.plan_job.plan_job", broken)
    assert main(["package", "--project", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "a bug of kitctl: RuntimeError" in said
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
    single_script(
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
        "pydantic",
    }
    assert not heavy & set(done.stderr.split())


def test_plain_values_are_taken_without_pydantic() -> None:
    code = (
        "import sys\n"
        "from kitctl.cli.main import main\n"
        "assert main(['runs', '--all', '--limit', '5', '--status', 'flying', '--json']) == 2\n"
        "assert main(['wait', '12', '--timeout', 'soon', '--local']) == 2\n"
        "assert main(['pull-results', 'a/b/c/d', '--out', 'new', '--jobs', '4', '--local']) == 2\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "bad_status" in done.stdout
    assert "pydantic" not in done.stderr.split()


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", "\N{SUPERSCRIPT TWO}"])
def test_a_value_that_is_none_of_its_kind_is_a_mistake_of_usage(
    limit: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs", "--limit", limit, "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "usage"
    assert "--limit" in error["message"]


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["quoat"], "quoat"),
        (["--project", "here", "quoat"], "quoat"),
        (["local", "begin"], "local begin"),
        (["quota", "--weeks", "0"], "quota"),
    ],
)
def test_a_line_that_cannot_be_read_is_answered_under_the_name_that_was_typed(
    words: list[str], command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["command"] == command


def test_a_mistyped_command_is_told_the_nearest_of_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["quoat"]) == 2
    assert "Did you mean 'quota'?" in capsys.readouterr().err


@pytest.mark.parametrize("width", ["80", "200"])
@pytest.mark.parametrize("command", list(MODULES))
def test_the_help_names_values_as_people_do(
    command: str, width: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    assert main([command, "--help"]) == 0
    said = capsys.readouterr().out
    assert not re.search(r"<(str|int|float|file|path|\w+ range)>", said)
    assert max(len(line) for line in said.splitlines()) <= int(width)
