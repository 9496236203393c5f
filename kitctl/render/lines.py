"""Lines of a result on the screen: signs in colour, and sentences that break between words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.render import streams

if TYPE_CHECKING:
    from rich.console import Console

LABEL_WIDTH = 11


def counted(number: int, noun: str) -> str:
    """Return `1 file`, `3 files`, `1,000 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def draw_line(text: str, console: Console) -> None:
    """Draw a line, ✓ in green and ✗ in red. It is not broken: paths and commands stay whole."""
    from rich.text import Text

    line = Text(text)
    line.highlight_regex("✓", "green")
    line.highlight_regex("✗", "red")
    console.print(line, soft_wrap=True)


def draw_sentence(label: str, text: str, console: Console, width: int = LABEL_WIDTH) -> None:
    """Draw a sentence of kitctl's own after its label, in the user's language.

    On a terminal it goes on below itself, word by word.
    """
    text = streams.translated(text, console.file)
    if not console.is_terminal:
        console.print(f"{label:<{width}}{text}", soft_wrap=True)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table.grid()
    table.add_column(width=width, no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(label), Text(text))
    console.print(table)
