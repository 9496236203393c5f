"""One call of each outcome in every output mode: text, quiet and JSON."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from support.command_line import CommandCall, Kitctl
from support.projects import packed_job, single_script

from kitctl.cli.main import main


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = packed_job(tmp_path / "project")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Kitctl:
    """Call kitctl without any Kaggle."""

    def call(*words: str) -> CommandCall:
        code = main(words)
        return CommandCall(code, *capfd.readouterr())

    return call


def test_a_success_in_every_mode(project: Path, call: Kitctl) -> None:
    text, quiet, json_call = (
        call("package"),
        call("package", "-q"),
        call("package", "--json"),
    )
    assert text.code == quiet.code == json_call.code == 0
    assert "3 files in one script" in text.out
    assert "next: kaggle kernels push" in text.err
    assert quiet == CommandCall(0, text.out, "")
    assert json_call.err == ""
    assert json_call.out.count("\n") == 1
    envelope = json.loads(json_call.out)
    assert (envelope["schema"], envelope["command"], envelope["ok"]) == (
        "kitctl/1",
        "package",
        True,
    )
    assert envelope["data"].keys() >= {"out", "script_sha256", "script_bytes", "modules"}
    assert envelope["data"]["out"] == str(project / "package")


def test_a_failure_in_every_mode(project: Path, call: Kitctl) -> None:
    single_script(project, "print(1)\n", title="x", language="perl")
    text, quiet, json_call = call("package"), call("package", "-q"), call("package", "--json")
    assert text.code == quiet.code == json_call.code == 3
    assert text.out == quiet.out == json_call.err == ""
    assert text.err.startswith("error: 2 things are wrong")
    assert text.err == quiet.err
    assert "• title: has 1 characters" in text.err
    assert text.err.splitlines()[-1].startswith("next: ")
    envelope = json.loads(json_call.out)
    assert (envelope["command"], envelope["ok"]) == ("package", False)
    assert envelope["error"].keys() == {"code", "message", "hint", "problems"}
    assert envelope["error"]["code"] == "invalid_metadata"
    assert [problem["where"] for problem in envelope["error"]["problems"]] == ["language", "title"]


def test_a_failure_with_a_result_in_every_mode(project: Path, call: Kitctl) -> None:
    # The small job's own check finds 13 epochs wrong.
    words = ("dry-run", "--set", "epochs=13", "--set", "photos=1")
    text, quiet, json_call = call(*words), call(*words, "-q"), call(*words, "--json")
    assert text.code == quiet.code == json_call.code == 6
    assert text.out.splitlines()[1:2] == ["✓ the script ended without an error (exit code 0)"]
    assert "✗ epochs (13)" in text.out
    assert "epoch 13/13 loss 0.5" in text.err
    assert quiet.err.startswith("error: The run ended, but its outputs")
    envelope = json.loads(json_call.out)
    assert envelope["error"]["code"] == "check_failed"
    assert envelope["data"]["epochs"] == 13


def test_a_wrong_command_line_in_every_mode(call: Kitctl) -> None:
    text, quiet, json_call = call("packag"), call("packag", "-q"), call("packag", "--json")
    assert text.code == quiet.code == json_call.code == 2
    assert (
        text.err
        == "error: There is no command 'packag'. Did you mean 'package'?\nnext: kitctl package\n"
    )
    assert (
        quiet.err
        == "error: There is no command 'packag'. Did you mean 'package'?\nnext: kitctl package -q\n"
    )
    error = json.loads(json_call.out)["error"]
    assert (error["code"], error["hint"]) == ("usage", "kitctl package --json")


def test_the_version_in_every_mode(call: Kitctl) -> None:
    assert call("--version").out.startswith("kitctl ")
    assert json.loads(call("--json", "--version").out)["data"].keys() == {"version"}


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_characters_that_the_terminal_cannot_encode_become_ascii(
    project: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    assert main(["package", "--out", "päckchen"]) == 0
    sys.stdout.flush()
    output = raw.getvalue().decode(encoding)
    assert ("✓" if encoding == "utf-8" else " ok ") in output


def test_json_is_ascii_where_the_stream_is(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert main(["package", "--json", "--out", "päckchen"]) == 0
    sys.stdout.flush()
    assert json.loads(raw.getvalue())["data"]["out"] == "päckchen"
