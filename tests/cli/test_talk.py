"""The talk on stderr: live on a terminal, plain lines elsewhere, little when quiet."""

from __future__ import annotations

import io
import re
import sys

import pytest

from kitctl.errors import InvalidInput, Problem
from kitctl.render import console as module
from kitctl.render.console import Console


class Terminal(io.StringIO):
    """A terminal that remembers what was drawn."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Called in the test itself: pytest puts its own stderr in place after the fixtures."""
    drawn = Terminal()
    monkeypatch.setattr(sys, "stderr", drawn)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return drawn


def test_without_a_terminal_progress_is_a_few_plain_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Console().progress("fetching", total=1000) as bar:
        for _ in range(1000):
            bar.advance()
    assert capsys.readouterr().err == "fetching …\n"
    monkeypatch.setattr(module, "PLAIN_EVERY", 0.0)
    with Console().progress("fetching", total=4) as bar:
        bar.update(completed=2)
        bar.log("a line of the run's")
    assert capsys.readouterr().err == "fetching …\nfetching 50 %\na line of the run's\n"


def test_on_a_terminal_progress_is_a_bar_with_the_lines_above_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = on_terminal(monkeypatch)
    talk = Console()
    with talk.progress("training", total=4, unit="epochs") as bar:
        bar.update(completed=3)
        bar.log("epoch 3/4 [bold]")
        talk.info("said meanwhile")
        with talk.progress("another row"):
            pass
    drawn = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue())
    assert "epoch 3/4 [bold]\n" in drawn
    assert "said meanwhile\n" in drawn
    assert "3/4 epochs" in drawn
    assert "another row" in drawn


def test_where_nothing_is_counted_no_number_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    with Console().progress("run 1: queued"):
        pass
    assert "run 1: queued" in terminal.getvalue()
    assert "0/?" not in terminal.getvalue()


def test_without_a_terminal_a_line_comes_only_with_news(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Console().progress("run 1") as bar:
        bar.describe("run 1: queued", " (1 s)")
        bar.describe("run 1: queued", " (2 s)")
        bar.describe("run 1: running", " (0 s)")
        monkeypatch.setattr(module, "PLAIN_EVERY", 0.0)
        bar.describe("run 1: running", " (9 s)")
    said = capsys.readouterr().err.splitlines()
    assert said == ["run 1 …", "run 1: queued (1 s) …", "run 1: running (0 s) …"]
    with Console().progress("fetching", total=4) as bar:
        for completed in (1, 1, 2):
            bar.update(completed=completed)
    said = capsys.readouterr().err.splitlines()
    assert said == ["fetching …", "fetching 25 %", "fetching 50 %"]


def test_a_bar_on_the_terminal_leaves_a_stdout_that_leads_elsewhere_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = on_terminal(monkeypatch)
    with Console().progress("fetching", total=4) as bar:
        bar.update(completed=2)
        print("data")
    assert capsys.readouterr().out == "data\n"
    assert "data" not in terminal.getvalue()


def test_quiet_leaves_only_warnings_and_errors(capsys: pytest.CaptureFixture[str]) -> None:
    talk = Console(quiet=True)
    talk.info("said")
    talk.hint("hinted")
    with talk.progress("fetching", total=1) as bar:
        bar.advance()
        bar.log("logged")
    talk.warn("one file was skipped")
    assert capsys.readouterr().err == "warning: one file was skipped\n"


def test_an_error_is_a_sentence_its_problems_and_the_next_step(
    capsys: pytest.CaptureFixture[str],
) -> None:
    problems = [Problem("title", "is short.", "Lengthen it.")]
    Console().fail(InvalidInput("Wrong.", hint="kitctl doctor", problems=problems))
    assert capsys.readouterr().err == (
        "error: Wrong.\n  • title: is short. Lengthen it.\nnext: kitctl doctor\n"
    )


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour_is_for_terminals_that_want_it(
    monkeypatch: pytest.MonkeyPatch, no_color: str, coloured: bool
) -> None:
    terminal = on_terminal(monkeypatch)
    monkeypatch.setenv("NO_COLOR", no_color)
    Console().warn("careful")
    assert ("\x1b[" in terminal.getvalue()) == coloured
