"""What commands write on stderr: live on a terminal, plain lines elsewhere, little when quiet."""

from __future__ import annotations

import io
import re
import sys

import pytest

from kitctl.errors import InvalidInput, NextCommand, Problem
from kitctl.render.console import Console


class Terminal(io.StringIO):
    """A terminal that records what is drawn."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Make stderr a terminal. Not a fixture: pytest replaces stderr after the fixtures have run."""
    drawn = Terminal()
    monkeypatch.setattr(sys, "stderr", drawn)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return drawn


def test_without_a_terminal_progress_is_a_plain_line_now_and_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Console().progress("fetching", total=1000) as bar:
        for _ in range(1000):
            bar.advance()
    assert capsys.readouterr().err == "fetching …\n"
    with Console(plain_seconds=0.0).progress("fetching", total=4) as bar:
        bar.update(completed=2)
        bar.log("a line of the run's")
    assert capsys.readouterr().err == "fetching …\nfetching 50 %\na line of the run's\n"


def test_on_a_terminal_progress_is_a_bar_with_the_lines_above_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = on_terminal(monkeypatch)
    console = Console()
    with console.progress("training", total=4, unit="epochs") as bar:
        bar.update(completed=3)
        bar.log("epoch 3/4 [bold]")
        console.info("written meanwhile")
        with console.progress("another row"):
            pass
    drawn = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue())
    assert "epoch 3/4 [bold]\n" in drawn
    assert "written meanwhile\n" in drawn
    assert "3/4 epochs" in drawn
    assert "another row" in drawn


def test_a_bar_without_a_total_shows_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    with Console().progress("run 1: queued"):
        pass
    assert "run 1: queued" in terminal.getvalue()
    assert "0/?" not in terminal.getvalue()


def test_without_a_terminal_a_new_text_is_written_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Console().progress("run 1") as bar:
        bar.describe("run 1: queued", " (1 s)")
        bar.describe("run 1: queued", " (2 s)")
        bar.describe("run 1: running", " (0 s)")
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["run 1 …", "run 1: queued (1 s) …", "run 1: running (0 s) …"]


def test_without_a_terminal_no_line_is_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(plain_seconds=0.0)
    with console.progress("run 1: running") as bar:
        bar.describe("run 1: running", " (9 s)")
    assert capsys.readouterr().err.splitlines() == ["run 1: running …"]
    with console.progress("fetching", total=4) as bar:
        for completed in (1, 1, 2):
            bar.update(completed=completed)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["fetching …", "fetching 25 %", "fetching 50 %"]


def test_a_bar_on_the_terminal_does_not_redirect_stdout_that_is_a_pipe(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = on_terminal(monkeypatch)
    with Console().progress("fetching", total=4) as bar:
        bar.update(completed=2)
        print("data")
    assert capsys.readouterr().out == "data\n"
    assert "data" not in terminal.getvalue()


def test_quiet_leaves_only_warnings_and_errors(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(quiet=True)
    console.info("information")
    console.hint("a hint")
    with console.progress("fetching", total=1) as bar:
        bar.advance()
        bar.log("a line of the log")
    console.warn("one file was skipped")
    assert capsys.readouterr().err == "warning: one file was skipped\n"


def test_an_error_is_a_sentence_its_problems_and_the_next_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    problems = [Problem("title", "is short.", "Lengthen it.")]
    Console().fail(InvalidInput("Wrong.", hint=NextCommand("doctor"), problems=problems))
    assert capsys.readouterr().err == (
        "error: Wrong.\n  • title: is short. Lengthen it.\nnext: kitctl doctor\n"
    )


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour_is_for_terminals_without_no_color(
    monkeypatch: pytest.MonkeyPatch, no_color: str, coloured: bool
) -> None:
    terminal = on_terminal(monkeypatch)
    monkeypatch.setenv("NO_COLOR", no_color)
    Console().warn("careful")
    assert ("\x1b[" in terminal.getvalue()) == coloured
