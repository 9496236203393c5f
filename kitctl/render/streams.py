"""What a stream can show: colour, a live line, signs beyond ASCII."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

# Wide enough that no table is cut when nobody's window limits it.
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
        "█": "#",
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
    """Whether lines may be redrawn: a terminal that knows how."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def has_colour(stream: IO[str]) -> bool:
    return is_live(stream) and not os.environ.get("NO_COLOR")


def shown(text: str, stream: IO[str]) -> str:
    """The text, with ASCII standing in for the signs that the stream cannot carry."""
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return text.translate(_ASCII)
    return text


def console(stream: IO[str]) -> Console:
    """A rich console on the stream; made only where something is drawn."""
    from rich.console import Console

    width = None if stream.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def hush(stream: IO[str]) -> None:
    """Sends the rest to nowhere: whoever was reading has read enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
