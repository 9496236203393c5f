"""Lines of a result on the screen: signs in colour, and sentences that break between words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.render import streams
from kitctl.render.wrapping import wrapped

if TYPE_CHECKING:
    from rich.console import Console

LABEL_WIDTH = 11


def draw_line(text: str, console: Console, indent: int = 0) -> None:
    """Draw a text, ✓ in green and ✗ in red; on a terminal its lines end between words.

    Lines after the first one begin with `indent` spaces. A path or an address stays whole.
    """
    from rich.text import Text

    for line in wrapped(text, console.width, indent=indent) if console.is_terminal else [text]:
        drawn = Text(line)
        drawn.highlight_regex("✓", "green")
        drawn.highlight_regex("✗", "red")
        console.print(drawn, soft_wrap=True)


def draw_sentence(label: str, text: str, console: Console, width: int = LABEL_WIDTH) -> None:
    """Draw a sentence of kitctl's own after its label, in the user's language.

    On a terminal it goes on below itself, word by word.
    """
    draw_line(f"{label:<{width}}{streams.translated(text, console.file)}", console, indent=width)
