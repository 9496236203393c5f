"""One call of each outcome in every output mode, side by side."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from support.projects import packed_job, single_script

from kitctl.cli.main import main


class Said(NamedTuple):
    """What one call answered."""

    code: int
    out: str
    err: str


Call = Callable[..., Said]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = packed_job(tmp_path / "project")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    def called(*words: str) -> Said:
        code = main(words)
        return Said(code, *capfd.readouterr())

    return called


def test_a_success_in_every_mode(project: Path, call: Call) -> None:
    people, quiet, machine = (
        call("package"),
        call("package", "-q"),
        call("package", "--json"),
    )
    assert people.code == quiet.code == machine.code == 0
    assert "3 modules in one script" in people.out
    assert "next: kaggle kernels push" in people.err
    assert quiet == Said(0, people.out, "")
    assert machine.err == ""
    assert machine.out.count("\n") == 1
    envelope = json.loads(machine.out)
    assert (envelope["schema"], envelope["command"], envelope["ok"]) == (
        "kitctl/1",
        "package",
        True,
    )
    assert envelope["data"].keys() >= {"out", "script_sha256", "script_bytes", "modules"}
    assert envelope["data"]["out"] == str(project / "package")


def test_a_failure_in_every_mode(project: Path, call: Call) -> None:
    single_script(project, "print(1)\n", title="x", language="perl")
    people, quiet, machine = call("package"), call("package", "-q"), call("package", "--json")
    assert people.code == quiet.code == machine.code == 3
    assert people.out == quiet.out == machine.err == ""
    assert people.err.startswith("error: 2 things are wrong")
    assert people.err == quiet.err
    assert "• title: has 1 characters" in people.err
    assert people.err.splitlines()[-1].startswith("next: ")
    envelope = json.loads(machine.out)
    assert (envelope["command"], envelope["ok"]) == ("package", False)
    assert envelope["error"].keys() == {"code", "message", "hint", "problems"}
    assert envelope["error"]["code"] == "invalid_metadata"
    assert [problem["where"] for problem in envelope["error"]["problems"]] == ["language", "title"]


def test_bad_news_with_a_result_in_every_mode(project: Path, call: Call) -> None:
    # The small job's own check finds 13 epochs wrong.
    words = ("dry-run", "--set", "epochs=13", "--set", "photos=1")
    people, quiet, machine = call(*words), call(*words, "-q"), call(*words, "--json")
    assert people.code == quiet.code == machine.code == 6
    assert people.out.splitlines()[1:2] == ["✓ the script ended without an error (exit code 0)"]
    assert "✗ epochs (13)" in people.out
    assert "epoch 13/13 loss 0.5" in people.err
    assert quiet.err.startswith("error: The run ended, but its outputs")
    envelope = json.loads(machine.out)
    assert envelope["error"]["code"] == "check_failed"
    assert envelope["data"]["epochs"] == 13


def test_a_wrong_command_line_in_every_mode(call: Call) -> None:
    people, quiet, machine = call("packag"), call("packag", "-q"), call("packag", "--json")
    assert people.code == quiet.code == machine.code == 2
    assert (
        people.err
        == "error: No such command 'packag'. Did you mean 'package'?\nnext: kitctl --help\n"
    )
    assert people == quiet
    error = json.loads(machine.out)["error"]
    assert (error["code"], error["hint"]) == ("usage", "kitctl --help")


def test_the_version_in_every_mode(call: Call) -> None:
    assert call("--version").out.startswith("kitctl ")
    assert json.loads(call("--json", "--version").out)["data"].keys() == {"version"}


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_signs_beyond_the_terminals_letters_have_a_stand_in(
    project: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    assert main(["package", "--out", "päckchen"]) == 0
    sys.stdout.flush()
    said = raw.getvalue().decode(encoding)
    assert ("✓" if encoding == "utf-8" else " ok ") in said


def test_json_is_plain_ascii_where_the_stream_is(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert main(["package", "--json", "--out", "päckchen"]) == 0
    sys.stdout.flush()
    assert json.loads(raw.getvalue())["data"]["out"] == "päckchen"
