"""Figures are complete PNG files, and their text is made of characters that the fonts have."""

from pathlib import Path

import pytest
from matplotlib.image import imread

from kernel import plots


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
