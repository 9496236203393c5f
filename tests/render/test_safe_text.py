"""Text of others that a terminal shows: nothing in it moves a cursor or changes a setting."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kitctl.errors import InvalidInput
from kitctl.render import data, streams
from kitctl.render.console import Console
from kitctl.render.output import CommandResult, TextOutput
from kitctl.render.safe_text import safe_text

CLEAR = "\x1b[2J\x1b[H"
CLIPBOARD = "\x1b]52;c;ZXZpbA==\x07"
TITLE = "\x9d0;title\x9c"
HOSTILE = f"a{CLEAR}b{CLIPBOARD}c{TITLE}d\x9b31me\x07\x08\x7f\u202ef"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Terminal(io.StringIO):
    """A terminal that records what is drawn."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def own_sequences_removed(text: str) -> str:
    """Return the text without the colours and movements of kitctl's own drawing."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text.replace("\r", ""))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain \tüñí 好 🙂\n", "plain \tüñí 好 🙂\n"),
        ("\x1b[31mred\x1b[0m", "red"),
        (CLEAR, ""),
        (f"{CLIPBOARD}after", "after"),
        ("\x1b]8;;https://x.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        (TITLE, ""),
        ("\x1bPq\x1b\\", ""),
        ("\x1b\x1b[m[2J", "␛[2J"),
        ("\x1b]0;no end", "␛]0;no end"),
        ("\x9bno end", "o end"),
        ("a\x00b\x08c\x7f", "a␀b␈c␡"),
        ("one\r\ntwo\rthree", "one\ntwo␍three"),
        ("file\u202egpj.exe", "file�gpj.exe"),
    ],
)
def test_escape_sequences_are_dropped_and_controls_are_made_visible(text: str, shown: str) -> None:
    assert safe_text(text) == shown


@given(st.text(alphabet=st.sampled_from("\x1b\x9b\x9d\x90\x07\x9c[]\\Pm2J;\r\n\u202ea")))
def test_safe_text_has_nothing_that_a_terminal_obeys(text: str) -> None:
    assert not OBEYED.search(safe_text(text))
    assert safe_text(safe_text(text)) == safe_text(text)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_nothing_on_stderr_is_obeyed(monkeypatch: pytest.MonkeyPatch, is_terminal: bool) -> None:
    stderr = Terminal() if is_terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setenv("TERM", "xterm-256color")
    console = Console(plain_seconds=0.0)
    console.info(HOSTILE)
    console.warn(HOSTILE)
    console.hint(HOSTILE)
    console.fail(InvalidInput(HOSTILE, hint=HOSTILE))
    with console.progress(HOSTILE) as bar:
        bar.describe(f"{HOSTILE}2", HOSTILE)
        bar.log(HOSTILE)
        console.info(HOSTILE)
    written = stderr.getvalue()
    assert written.count("abcde␇␈␡�f") >= 7
    assert not OBEYED.search(own_sequences_removed(written))
    assert CLEAR not in written and "\x1b]" not in written


def test_nothing_in_a_table_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console as RichConsole
    from rich.table import Table

    def draw(result: object, console: RichConsole) -> None:
        table = Table(HOSTILE)
        table.add_row(HOSTILE, style="red")
        console.print(table)
        console.print(HOSTILE, soft_wrap=True)

    stdout = Terminal()
    monkeypatch.setattr(sys, "stdout", stdout)
    monkeypatch.setenv("TERM", "xterm-256color")
    TextOutput(Console()).show("status", CommandResult(None, draw))
    assert stdout.getvalue().count("de") == 3
    assert "\x1b[31m" in stdout.getvalue()
    assert not OBEYED.search(own_sequences_removed(stdout.getvalue()))


def test_a_raw_line_is_as_it_was_in_a_pipe_and_safe_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe, terminal = io.StringIO(), Terminal()
    for stream in (pipe, terminal):
        monkeypatch.setattr(sys, "stdout", stream)
        TextOutput(Console()).raw_line(HOSTILE)
    assert pipe.getvalue() == f"{HOSTILE}\n"
    assert terminal.getvalue() == "abcde␇␈␡�f\n"


def test_json_escapes_what_a_terminal_obeys_and_loses_nothing() -> None:
    text = data.encode({"message": HOSTILE}, "utf-8")
    assert not OBEYED.search(text)
    assert json.loads(text) == {"message": HOSTILE}


def test_a_stream_without_the_characters_gets_ascii() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert streams.printable("✓ done", stream) == "ok done"
