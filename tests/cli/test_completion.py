"""Shell completion: its scripts, and the words it offers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kitctl.cli.main import main


def complete(*words: str) -> list[str]:
    """Return the words that fish would offer after these, as kitctl's script asks for them."""
    done = subprocess.run(
        [sys.executable, "-m", "kitctl"],
        env={
            "_KITCTL_COMPLETE": "fish_complete",
            "COMP_WORDS": " ".join(["kitctl", *words[:-1]]),
            "COMP_CWORD": words[-1],
        },
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return [line.split(",")[1].split("\t")[0] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_the_current_shell_is_shown(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
    assert main(["--show-completion"]) == 0
    assert f"_KITCTL_COMPLETE={shell}_complete" in capsys.readouterr().out


def test_installing_twice_adds_one_line_to_the_shells_startup_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/bin/bash")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".bashrc").write_text("alias ll='ls -l'\n", "utf-8")
    for _ in range(2):
        assert main(["--install-completion"]) == 0
    lines = (tmp_path / ".bashrc").read_text("utf-8").splitlines()
    assert lines[0] == "alias ll='ls -l'"
    assert lines.count("source ~/.bash_completions/kitctl.sh") == 1
    assert "_KITCTL_COMPLETE" in (tmp_path / ".bash_completions" / "kitctl.sh").read_text("utf-8")


def test_an_unknown_shell_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert main(["--show-completion"]) == 2
    assert "bash, zsh, fish" in capsys.readouterr().err


def test_commands_and_options_are_completed() -> None:
    assert complete("pu") == ["push", "pull-results"]
    assert "--follow" in complete("push", "--f")
