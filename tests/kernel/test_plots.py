"""Figures are complete PNG files, and their text is made of characters that the fonts have."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from matplotlib.image import imread
from support.source_files import PROJECT

from kernel import plots


def write_font(path: Path, family: str, character: str) -> None:
    """Write a font whose one character is a square."""
    pen = T2CharStringPen(600, None)
    pen.moveTo((0, 0))
    for corner in ((500, 0), (500, 500), (0, 500)):
        pen.lineTo(corner)
    pen.closePath()
    glyphs = {".notdef": pen.getCharString(), "square": pen.getCharString()}
    font = FontBuilder(1000, isTTF=False)
    font.setupGlyphOrder(list(glyphs))
    font.setupCharacterMap({ord(character): "square"})
    font.setupCFF(family.replace(" ", ""), {}, glyphs, {})
    font.setupHorizontalMetrics(dict.fromkeys(glyphs, (600, 0)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": family, "styleName": "Regular", "psName": "Square"})
    font.setupOS2(usWeightClass=400)
    font.setupPost()
    font.save(path)


def test_a_figure_becomes_a_png_of_the_size_asked_for(tmp_path: Path) -> None:
    with plots.figure(tmp_path / "new" / "figure.png", 2, 3) as drawing:
        drawing.add_subplot().plot([1, 2])

    assert imread(tmp_path / "new" / "figure.png").shape[:2] == (300, 200)


def test_a_figure_that_fails_leaves_the_old_file_and_no_temporary_one(tmp_path: Path) -> None:
    path = tmp_path / "photos.png"
    path.write_bytes(b"the old one")

    with pytest.raises(RuntimeError), plots.figure(path, 2, 2):
        raise RuntimeError

    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_two_characters_without_a_glyph_stay_distinct() -> None:
    unassigned = ["\U0010fffe", "\U0010ffff"]

    assert plots.printable(unassigned[0]) != plots.printable(unassigned[1])


def test_an_ordinary_name_is_shown_as_it_is() -> None:
    assert plots.printable("truck") == "truck"


def test_a_long_name_is_cut_and_a_dollar_starts_no_formula() -> None:
    assert plots.printable("x" * 30) == "x" * (plots.LONGEST_NAME - 1) + "…"
    assert plots.printable("$x^2$") == r"\$x^2\$"


def test_a_class_name_is_drawn_with_a_font_that_a_package_ships(tmp_path: Path) -> None:
    character = "\ue0ff"  # For private use: no other font has it.
    fonts = tmp_path / "mplfonts" / "fonts"
    fonts.mkdir(parents=True)
    write_font(fonts / "NotoSansCJKsc-Regular.otf", "Noto Sans CJK SC", character)
    program = (
        f"from kernel import plots; assert plots.printable({character!r}) == {character!r}\n"
        f"with plots.figure({str(tmp_path / 'a.png')!r}, 1, 1) as drawing:\n"
        f"    drawing.suptitle({character!r})\n"
    )
    environment = {
        "PYTHONPATH": os.pathsep.join(map(str, (tmp_path, PROJECT))),
        "MPLCONFIGDIR": str(tmp_path),
    }
    drawing = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (drawing.returncode, drawing.stderr) == (0, "")
