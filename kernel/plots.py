"""Figures in the course's style, and text that its fonts can show.

Every figure is a matplotlib `Figure` of its own (no pyplot, no window, no state between calls)
and becomes one PNG file, written completely or not at all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

from kernel.files import atomic_write

# The course's defaults. Its `autolayout` is here each figure's `layout="constrained"`, which
# does the same and also reserves space for colour bars and grids.
STYLE: dict[Any, Any] = {
    "axes.labelweight": "bold",
    "axes.labelsize": "large",
    "axes.titleweight": "bold",
    "axes.titlesize": 18,
    "axes.titlepad": 10,
    "image.cmap": "magma",
}
# Font families with characters that matplotlib's own font lacks; the installed ones are used.
FALLBACK_FAMILIES = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "PingFang SC",
    "Arial Unicode MS",
    "Noto Sans",
)
LONGEST_NAME = 22  # characters of a class name that fit over a photo


@contextmanager
def figure(
    path: Path | str, width: float, height: float, layout: str = "constrained"
) -> Iterator[Figure]:
    """Yield a figure of `width` by `height` inches in the course's style; save it as PNG after."""
    families, _ = _fonts()
    with rc_context({**STYLE, "font.family": families}):
        # matplotlib's stub does not know the layout "none".
        drawing = Figure(figsize=(width, height), layout=layout)  # type: ignore[arg-type]
        yield drawing
        with atomic_write(path) as temporary:
            drawing.savefig(temporary, dpi=100, format="png")


def printable(text: str) -> str:
    """Return `text` as a figure can show it.

    It is shortened to `LONGEST_NAME`, a `$` starts no formula, and characters without a glyph
    become escape sequences.
    """
    _, glyphs = _fonts()
    short = text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"
    escaped = "".join(
        character
        if ord(character) in glyphs
        else character.encode("ascii", "backslashreplace").decode()
        for character in short
    )
    return escaped.replace("$", r"\$")


@cache
def _fonts() -> tuple[list[str], frozenset[int]]:
    """Return the font families in use, and the code points with a glyph in both weights."""
    installed = {font.name for font in fontManager.ttflist}
    families = ["DejaVu Sans", *(name for name in FALLBACK_FAMILIES if name in installed)]
    coverage = []
    for weight in ("normal", "bold"):
        files = [findfont(FontProperties(family=name, weight=weight)) for name in families]
        coverage.append(frozenset().union(*(get_font(file).get_charmap() for file in files)))
    return families, coverage[0] & coverage[1]
