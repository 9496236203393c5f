"""Lines of a result: signs, and sentences that break between words."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from kitctl.render import streams
from kitctl.render.lines import draw_line, draw_sentence


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def drawn(draw: object, *arguments: object, terminal: bool = True, width: int = 40) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=width, highlight=False)
    draw(*arguments, console)  # type: ignore[operator]
    return file.getvalue()


def test_a_tick_is_green_and_a_cross_is_red_on_a_terminal_only() -> None:
    assert "\x1b[32m✓\x1b[0m" in drawn(draw_line, "✓ done")
    assert "\x1b[31m✗\x1b[0m" in drawn(draw_line, "✗ failed")
    assert drawn(draw_line, "✓ done", terminal=False) == "✓ done\n"


def test_a_sentence_goes_on_below_itself_between_words() -> None:
    text = "validation loss never got better than that of guessing"
    lines = drawn(draw_sentence, "reading", text).splitlines()
    assert lines[0].startswith("reading    validation loss")
    assert all(line.startswith(" " * 11) for line in lines[1:])
    assert " ".join(line[11:].strip() for line in lines) == text


def test_a_sentence_in_a_pipe_is_one_line() -> None:
    assert drawn(draw_sentence, "reading", "word " * 50, terminal=False).count("\n") == 1


def test_a_message_breaks_between_words_and_keeps_paths_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    path = "/a/path/that/is/much/longer/than/the/window/is/wide"
    text = f"The file {path} cannot be written: no space is left on the device."
    lines = streams.between_words(text, Terminal(), first=len("error: ")).split("\n")
    assert path in lines
    assert " ".join(lines) == text
    assert len("error: " + lines[0]) <= 40
    assert streams.between_words(text, io.StringIO()) == text
