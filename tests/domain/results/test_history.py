"""history.csv, also a long, a wide, a broken one."""

from __future__ import annotations

import io
import math
from itertools import pairwise

import pytest

from kitctl.domain.results.history import MAX_COLUMNS, MAX_ROWS, History, read_history
from kitctl.domain.results.run_report import Unreadable


def history(text: str | bytes) -> History:
    return read_history(io.BytesIO(text if isinstance(text, bytes) else text.encode()))


def test_the_history_is_read_by_column_without_incomplete_rows() -> None:
    assert history("epoch,loss\n1,0.7\n2,0.5\n3,").columns == {"epoch": [1, 2], "loss": [0.7, 0.5]}
    assert history("epoch,loss\n1,0.7\n2\n3,0.4,9\n4,0.4e").columns == {"epoch": [1], "loss": [0.7]}


def test_an_empty_cell_is_a_gap_in_its_own_curve_only() -> None:
    read = history("epoch,loss,acc\n1,0.9,\n2,0.1,0.5\n3,,0.6\n")
    assert read.columns["epoch"] == [1, 2, 3]
    assert str(read.columns["loss"]) == "[0.9, 0.1, nan]"
    assert str(read.columns["acc"]) == "[nan, 0.5, 0.6]"


def test_rows_of_another_length_are_counted() -> None:
    assert history("a,b\n1,2\n1\n1,2,3\n").left_out == (
        "2 rows with more or fewer cells than it has columns",
    )


@pytest.mark.parametrize("text", [b"", b"\n", b"epoch,loss\n", b"\xff\xfe,,\n", b"\0\0\0"])
def test_a_history_without_rows_has_no_columns(text: bytes) -> None:
    assert history(text) == History()


def test_a_byte_order_mark_does_not_belong_to_the_first_name() -> None:
    assert history("\ufeffloss\n1\n").columns == {"loss": [1.0]}


def test_infinity_and_nan_are_numbers() -> None:
    low, high, nan = history("loss\n-inf\n1e999\nnan\n").columns["loss"]
    assert (low, high) == (-math.inf, math.inf) and math.isnan(nan)


def test_a_column_of_text_is_named_and_left_out() -> None:
    read = history("epoch,when,loss\n1,monday,0.7\n2,tuesday,0.5\n")
    assert read.columns == {"epoch": [1, 2], "loss": [0.7, 0.5]}
    assert read.left_out == ("the column 'when', which holds no numbers",)


def test_columns_beyond_those_that_are_shown_are_counted() -> None:
    count = MAX_COLUMNS + 20
    text = ",".join(f"c{number}" for number in range(count)) + "\n" + ",".join(["1"] * count)
    read = history(text)
    assert len(read.columns) == MAX_COLUMNS
    assert read.left_out == ("20 of its 120 columns",)


@pytest.mark.parametrize("count", [MAX_ROWS - 1, MAX_ROWS, MAX_ROWS + 1, 7 * MAX_ROWS + 3])
def test_a_long_history_is_thinned_and_keeps_its_ends(count: int) -> None:
    text = "epoch\n" + "".join(f"{number}\n" for number in range(count))
    epochs = history(text).columns["epoch"]
    assert (epochs[0], epochs[-1]) == (0, count - 1)
    assert MAX_ROWS / 2 - 1 <= len(epochs) <= MAX_ROWS + 1
    distances = {later - earlier for earlier, later in pairwise(epochs[:-1])}
    assert len(distances) <= 1


@pytest.mark.parametrize(
    "text", ["loss\n" + "1" * 2_000_000, "loss\n" + "1" * 200_000, 'loss\n"' + "1\n" * 200_000]
)
def test_a_history_with_a_huge_field_says_so(text: str) -> None:
    with pytest.raises(Unreadable, match=r"line|table"):
        history(text)
