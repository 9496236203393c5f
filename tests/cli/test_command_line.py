"""What all commands share: global options, help, failures, and what start-up must not load."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import Kitctl
from support.every_command import commands
from support.local_kaggle import LocalKaggle
from support.projects import packed_job

from kitctl.cli.app import MODULES, root, split_script_arguments, takes_option
from kitctl.cli.context import CommandContext
from kitctl.cli.global_options import GROUPS, GlobalOptions
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


def test_without_a_project_the_hint_names_the_project_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["package", "--json"]) == 3
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "no_project"
    assert "--project" in error["hint"]


def test_the_commands_that_have_commands_of_their_own_are_known_without_loading_them() -> None:
    names = {name for name, _ in commands()}
    assert {name.split()[0] for name in names if " " in name} == GROUPS


@pytest.mark.parametrize("words", [["-h"], ["--help"], ["package", "-h"], []])
def test_help_goes_to_stdout_and_is_no_failure(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 0
    output = capsys.readouterr()
    assert "Usage: kitctl" in output.out
    assert "--project" in output.out
    assert output.err == ""


@pytest.mark.parametrize("command", [name for name, _ in commands()])
def test_help_ends_with_examples_that_can_be_typed(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command.split(), "--help"]) == 0
    examples = capsys.readouterr().out.partition("  Examples:\n")[2].splitlines()
    assert 2 <= len(examples) <= 3
    for example in examples:
        assert len(example) <= 80
        program, name, *words = shlex.split(example)
        assert program == "kitctl"
        words, _ = split_script_arguments(words, name)
        called = root([name]).commands[name]
        if hasattr(called, "commands"):
            called, words = called.commands[words[0]], words[1:]
        context = CommandContext(GlobalOptions(), command, takes_option)
        called.make_context(name, words, obj=context)


def test_a_bug_is_reported_as_one_with_a_traceback_only_in_verbose_mode_and_never_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "KGAT_secret"

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"the token is {secret}")

    packed_job(tmp_path)
    monkeypatch.setattr("kitctl.operations.planning.plan_job.plan_job", broken)
    assert main(["package", "--project", str(tmp_path)]) == 1
    err = capsys.readouterr().err
    assert "a bug of kitctl: RuntimeError" in err
    assert "Traceback" not in err
    assert secret not in err
    assert main(["package", "--project", str(tmp_path), "--verbose"]) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err and "RuntimeError" in err
    assert secret not in err, "the text of an exception may quote a header"


def test_a_folder_without_permission_is_a_failure_of_the_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed_job(tmp_path)
    assert main(["package", "--project", str(tmp_path), "--out", "/proc/none", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "system"


def test_a_closed_pipe_is_no_failure(tmp_path: Path) -> None:
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
        output = process.stderr.read()
    assert process.returncode == 0
    assert "Error" not in output
    assert "Exception" not in output


def test_help_loads_no_heavy_package() -> None:
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


def test_options_are_parsed_without_pydantic() -> None:
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
def test_a_value_of_the_wrong_type_is_a_usage_error(
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
def test_a_usage_error_carries_the_command_that_was_typed(
    words: list[str], command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["command"] == command


@pytest.mark.parametrize(
    ("words", "command"),
    [("runs --csv", "runs"), ("datasets push --id", "datasets push"), ("push --nothing", "push")],
)
def test_an_option_that_is_wrong_is_answered_with_the_help_of_its_command(
    words: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    assert capsys.readouterr().err.endswith(f"next: kitctl {command} --help\n")


def test_a_mistyped_command_is_answered_with_the_nearest_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["quoat"]) == 2
    assert capsys.readouterr().err.endswith("next: kitctl quota\n")


@pytest.mark.parametrize("width", ["80", "200"])
@pytest.mark.parametrize("command", list(MODULES))
def test_the_help_fits_the_terminal_and_names_no_python_types(
    command: str, width: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    assert main([command, "--help"]) == 0
    output = capsys.readouterr().out
    assert not re.search(r"<(str|int|float|file|path|\w+ range)>", output)
    assert max(len(line) for line in output.splitlines()) <= int(width)


def test_no_command_shows_the_token(kitctl: Kitctl, local_kaggle: LocalKaggle) -> None:
    local_kaggle.fault("status", "*", status=401, count=None)
    for words in (
        ("push",),
        ("status", "1"),
        ("wait", "1", "--json"),
        ("runs", "--all", "--verbose"),
    ):
        call = kitctl(*words, "--local")
        assert local_kaggle.token not in call.out + call.err


def test_verbose_logs_requests_and_ledger_writes_without_the_token(
    kitctl: Kitctl, local_kaggle: LocalKaggle
) -> None:
    assert "kitctl.http" not in kitctl("push", "--local").err
    kitctl("wait", "--local")
    verbose = kitctl("push", "--local", "--force", "--verbose").err
    assert re.search(r"kitctl\.http: POST \S+/SaveKernel: 200, \d+ ms", verbose)
    assert "kitctl.ledger: INSERT INTO runs" in verbose
    assert local_kaggle.token not in verbose
    assert "kitctl.http" not in kitctl("status", "--local").err
