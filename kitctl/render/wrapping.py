"""Lines that end between words, their width counted in the cells of a terminal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

NARROWEST = 20

# Stands for a space at which no line ends, so that a command can be copied.
_FIXED_SPACE = "\ue000"
_QUOTED = "`[^`\n]+`"
_WIDE = (
    "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
)
_OPENING = "\u201c\uff08\u300a\u300c"
_CLOSING = "\u201d\uff09\u300b\u300d\uff0c\u3002\u3001\uff1b\uff1a\uff01\uff1f"
# Between Chinese characters a line may end as well, but not before a closing sign.
# A text, which `re` compiles when a line is first wrapped: that takes longer than to show a help.
_PIECE = rf" +|[{_OPENING}]*(?:[{_WIDE}]|[^ {_WIDE}]+)[{_CLOSING}]*"


def keep_whole(text: str, commands: Sequence[str]) -> str:
    """Return a text in whose commands, and in what stands between backticks, no line will end."""
    for command in filter(None, commands):
        text = text.replace(command, _fixed(command))
    return re.sub(_QUOTED, lambda match: _fixed(match[0]), text)


def wrapped(text: str, width: int, *, first: int = 0, indent: int = 0) -> list[str]:
    """Return the lines of a text that is to stand in `width` cells.

    The first line begins after `first` cells, which are not part of it; the others begin with
    `indent` spaces. A word that is wider stays whole: it may be a path or an address.
    """
    lines: list[str] = []
    for number, line in enumerate(text.split("\n")):
        room = max(NARROWEST, width) - (0 if number else first)
        lines += _wrapped_line(line, room, max(NARROWEST, width - indent), " " * indent)
    return [line.replace(_FIXED_SPACE, " ") for line in lines]


def cells(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(character) for character in text)


def _fixed(text: str) -> str:
    return text.replace(" ", _FIXED_SPACE)


def _wrapped_line(line: str, first_room: int, room: int, indent: str) -> list[str]:
    lines, current, free = [], "", first_room
    for piece in re.findall(_PIECE, line):
        size, is_space = cells(piece), piece[0] == " "
        if is_space and size > free:
            free = 0
            continue
        if size > free and current.strip(" "):
            lines.append(current.rstrip(" "))
            current, free = indent, room
        current += piece
        free -= size
    return [*lines, current.rstrip(" ")]


def _cells_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
