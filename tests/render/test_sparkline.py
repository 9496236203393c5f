"""A curve in a line of text."""

from __future__ import annotations

import io

import pytest

from kitctl.render import streams
from kitctl.render.sparkline import curve


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([0.0, 1.0], "▁█"),
        ([1.0, 0.0], "█▁"),
        ([0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█"),
        ([-2.0, 0.0, 2.0], "▁▅█"),
        ([3.0], "▁"),
        ([], ""),
    ],
)
def test_the_lowest_value_is_the_lowest_bar_and_the_highest_the_highest(
    values: list[float], line: str
) -> None:
    assert curve(values) == line


def test_a_constant_curve_is_a_flat_line() -> None:
    assert curve([0.5] * 4) == "▁▁▁▁"


def test_values_that_are_no_number_are_left_out() -> None:
    nan = float("nan")
    assert curve([0.0, nan, 1.0]) == "▁█"
    assert curve([nan, nan]) == ""


def test_more_values_than_the_width_are_averaged_part_by_part() -> None:
    assert curve([0, 0, 1, 1, 4, 4, 7, 7], width=4) == "▁▂▅█"
    assert curve([0, 2, 0, 2], width=2) == "▁▁"


@pytest.mark.parametrize("count", [40, 41, 79, 1000])
def test_a_curve_is_never_wider_than_asked_for(count: int) -> None:
    line = curve([float(value) for value in range(count)])
    assert len(line) == 40
    assert (line[0], line[-1]) == ("▁", "█")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "gbk"])
def test_a_curve_can_be_read_on_every_code_page(encoding: str) -> None:
    shown = streams.encodable(
        curve([0, 1, 2, 3, 4, 5, 6, 7]), io.TextIOWrapper(io.BytesIO(), encoding)
    )
    assert shown in {"_.-=+*%#", "▁▂▃▄▅▆▇█"}
    shown.encode(encoding)
