"""Lines that end between words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kitctl.render.wrapping import cells, keep_whole, wrapped

CHINESE = "此账号看不到运行 ada/cars/99。Kaggle 说：“没有这个版本”，请检查名称。"


def test_a_line_ends_between_words_and_a_long_word_stays_whole() -> None:
    assert wrapped("see /a/path/that/is/longer/than/the/line now", 20) == [
        "see",
        "/a/path/that/is/longer/than/the/line",
        "now",
    ]


def test_what_fits_is_left_as_it_is_with_all_its_spaces() -> None:
    assert wrapped("name      value\n  more", 20) == ["name      value", "  more"]


def test_a_command_and_what_stands_between_backticks_end_no_line() -> None:
    text = keep_whole("next: kitctl wait 12 --local, or `kitctl ps`", ["kitctl wait 12 --local"])
    assert wrapped(text, 20) == ["next:", "kitctl wait 12 --local,", "or `kitctl ps`"]


def test_lines_after_the_first_are_indented_and_the_first_may_begin_after_a_label() -> None:
    assert wrapped("one two three four five", 20, first=10, indent=4) == [
        "one two",
        "    three four five",
    ]


@pytest.mark.parametrize("width", [20, 30, 41])
def test_chinese_takes_two_cells_and_no_line_begins_with_a_closing_sign(width: int) -> None:
    lines = wrapped(CHINESE, width)
    assert max(map(cells, lines)) <= width
    assert not any(line[0] in "，。：”" for line in lines)
    assert "".join(lines).replace(" ", "") == CHINESE.replace(" ", "")


@given(st.text(), st.integers(20, 100))
def test_nothing_but_spaces_is_lost(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert "".join("".join(lines).split(" ")) == "".join(
        text.replace("\ue000", " ").replace("\n", "").split(" ")
    )
