"""Ranges of values, and what a search may choose from them."""

from __future__ import annotations

import pytest

from kitctl.domain.runs.search_space import (
    Choice,
    Range,
    chosen_text,
    grid_size,
    listed_values,
    parameter_text,
    parse_range,
)
from kitctl.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("16..256", Range(16, 256, is_whole=True)),
        ("16..256:16", Range(16, 256, is_whole=True, step=16)),
        ("0..1.0", Range(0.0, 1.0, is_whole=False)),
        ("1e-5..1e-1:log", Range(1e-5, 0.1, is_whole=False, is_log=True)),
        ("8..512:log", Range(8, 512, is_whole=True, is_log=True)),
        ("-1..1:0.5", Range(-1.0, 1.0, is_whole=False, step=0.5)),
        ("1e-4", None),
        ("a..b", None),
        ("../data", None),
        ("1..2..3", None),
    ],
)
def test_a_range_has_two_numbers_and_a_form(text: str, expected: Range | None) -> None:
    assert parse_range("lr", text) == expected


@pytest.mark.parametrize("text", ["2..1", "1..1", "0..1:log", "0..1:0", "1..1e999", "1..9:-2"])
def test_a_range_without_values_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"is no range"):
        parse_range("lr", text)


def test_a_range_with_a_step_lists_its_values_as_people_write_them() -> None:
    assert listed_values(Range(0.0, 0.5, is_whole=False, step=0.1)) == [0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert listed_values(Range(1, 3, is_whole=True)) == [1, 2, 3]
    assert listed_values(Range(0.0, 1.0, is_whole=False)) is None
    assert listed_values(Range(0, 10**9, is_whole=True)) is None


def test_a_grid_has_every_combination_unless_a_range_has_no_list() -> None:
    listed = Choice({"1e-4": 1e-4, "1e-3": 1e-3})
    assert grid_size({"lr": listed, "units": Range(1, 3, is_whole=True)}) == 6
    assert grid_size({"lr": listed, "drop": Range(0.0, 1.0, is_whole=False)}) is None


def test_a_listed_value_is_given_as_it_was_typed() -> None:
    assert chosen_text("1e-4") == "1e-4"
    assert (chosen_text(0.25), chosen_text(16)) == ("0.25", "16")


@pytest.mark.parametrize("text", ["16..256:16", "1e-05..0.1:log", "0.0..1.0"])
def test_a_range_is_shown_as_it_is_typed(text: str) -> None:
    parsed = parse_range("lr", text)
    assert parsed is not None
    assert parse_range("lr", parameter_text(parsed)) == parsed


@pytest.mark.parametrize(
    ("values", "order"),
    [
        ({"0.1": 0.1, "1e-3": 1e-3, "1": 1}, ["1e-3", "0.1", "1"]),
        ({"sgd": "sgd", "adam": "adam"}, ["sgd", "adam"]),
        ({"true": True, "1": 1}, ["true", "1"]),
    ],
)
def test_listed_numbers_stand_in_their_order_on_an_axis(
    values: dict[str, object], order: list[str]
) -> None:
    assert Choice(values).texts_in_order == order
