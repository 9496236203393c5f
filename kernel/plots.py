"""Figures in the course's style, and text that its fonts can show.

Every figure is a matplotlib `Figure` of its own (no pyplot, no window, no state between calls)
and becomes one PNG file, written completely or not at all.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.font_manager import (
    FontProperties,
    findfont,
    findSystemFonts,
    fontManager,
    get_font,
)

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
# Families with characters that matplotlib's own font lacks: Chinese, Japanese, Korean, the rest.
FALLBACK_FAMILY = re.compile(
    "CJK|Source Han|Noto Sans ?(SC|TC|HK|JP|KR)?$|LXGW|WenQuanYi|Droid Sans Fallback|YaHei|SimHei|"
    "SimSun|DengXian|PingFang|Heiti|STHeiti|Songti|Hiragino|JhengHei|Yu Gothic|IPA.*Gothic|Malgun|"
    "Nanum|Arial Unicode|Unifont"
)
MOST_FALLBACKS = 3
FONT_PACKAGES = ("mplfonts", "cvttf_NotoSansCJK_Regular")
"""Packages of PyPI with a font for Chinese, in the order of choice."""
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


def has_glyphs(text: str) -> bool:
    """Return whether a figure can show each character of `text` as it is."""
    _, glyphs = _fonts()
    return all(ord(character) in glyphs for character in text)


@cache
def _fonts() -> tuple[list[str], frozenset[int]]:
    """Return the font families in use, and the code points with a glyph in both weights."""
    # A fallback without a bold weight is used in its only one: nobody needs to hear of it.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    _add_new_fonts()
    installed = sorted({font.name for font in fontManager.ttflist})
    # The plain one of a family before its others.
    fallbacks = sorted(filter(FALLBACK_FAMILY.search, installed), key=_is_special)
    families = ["DejaVu Sans", *fallbacks[:MOST_FALLBACKS]]
    coverage = []
    for weight in ("normal", "bold"):
        files = [findfont(FontProperties(family=name, weight=weight)) for name in families]
        coverage.append(frozenset().union(*(get_font(file).get_charmap() for file in files)))
    return families, coverage[0] & coverage[1]


def _is_special(family: str) -> bool:
    return bool(re.search("Mono|Serif|Song", family))


def _add_new_fonts() -> None:
    """Let matplotlib know fonts that packages ship, or that are newer than its own list."""
    known = {font.fname for font in fontManager.ttflist}
    for path in map(str, (*_package_fonts(), *findSystemFonts())):
        if path not in known:
            with suppress(OSError, RuntimeError, ValueError):  # A damaged font is left out.
                fontManager.addfont(path)


def _package_fonts() -> Iterator[Path]:
    """Yield the sans fonts of the first package of FONT_PACKAGES that is installed."""
    for name in FONT_PACKAGES:
        spec = find_spec(name)
        for folder in spec.submodule_search_locations or () if spec else ():
            yield from sorted(Path(folder).rglob("*Sans*-Regular.otf"))
            return
