"""What a stream can show: colour, a live line, characters beyond ASCII."""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING

from kitctl.languages import translate
from kitctl.render.safe_text import safe_text
from kitctl.render.wrapping import wrapped

if TYPE_CHECKING:
    from rich.console import Console

# Columns where there is no window: no table is cut.
PIPE_WIDTH = 200

_ASCII = str.maketrans(
    {
        "✓": "ok",
        "✗": "x",
        "→": "->",
        "·": "-",
        "•": "*",
        "…": "...",
        "≈": "~",
        "≥": ">=",
        "≤": "<=",
        "“": '"',
        "”": '"',
        # The bars of a curve, from the lowest to the highest.
        **dict(zip("▁▂▃▄▅▆▇█", "_.-=+*%#", strict=True)),
        "▓": "=",
        "▒": "+",
        "░": ".",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{MINUS SIGN}": "-",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    }
)


def is_live(stream: IO[str]) -> bool:
    """Return whether lines can be redrawn on the stream."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def has_colour(stream: IO[str]) -> bool:
    """Return whether the stream is a terminal that may show colour."""
    return is_live(stream) and not os.environ.get("NO_COLOR")


def printable(text: str, stream: IO[str]) -> str:
    """Return the text as it may be printed on the stream: safe, and in its characters."""
    return encodable(safe_text(text), stream)


def translated(text: str, stream: IO[str]) -> str:
    """Return a text of kitctl's own in the user's language, where the stream can show that."""
    translation = translate(text)
    return translation if can_encode(translation, stream) else text


def encodable(text: str, stream: IO[str]) -> str:
    """Return the text, with ASCII in place of the characters that the stream cannot encode."""
    return text if can_encode(text, stream) else text.translate(_ASCII)


def can_encode(text: str, stream: IO[str]) -> bool:
    """Return whether the stream has all characters of the text."""
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def between_words(text: str, stream: IO[str], *, first: int = 0, indent: int = 0) -> str:
    """Return a text whose lines end between words where the stream is a terminal.

    The first line begins after `first` cells, the others with `indent` spaces.
    """
    import shutil

    # Where there is no window, no line is too wide.
    width = shutil.get_terminal_size().columns if stream.isatty() else sys.maxsize
    return "\n".join(wrapped(text, width, first=first, indent=indent))


def console(stream: IO[str]) -> Console:
    """Return a rich console on the stream; rich is loaded only where something is drawn."""
    from rich.console import Console

    from kitctl.render.safe_drawing import safe_drawing

    width = None if stream.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
    console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    console.push_render_hook(safe_drawing())
    return console


def hush(stream: IO[str]) -> None:
    """Discard what is still written to the stream, whose reader has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def hush_unwritable() -> None:
    """Discard what waits to be written on a full disk, and would fail again when Python ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            hush(stream)


def replace_closed() -> None:
    """Open what was closed before the program started, so that it can be written to."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            stream = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
            setattr(sys, name, stream)
