"""JSON that comes in pieces of any size."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kitctl.adapters.kaggle.json_text import JsonText, read_object

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


def in_pieces(text: str, size: int) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text), size))


def read(text: str, size: int) -> dict[str, Any]:
    """Read a whole object whose text comes in pieces of `size` characters."""
    return {
        name: "".join(value) if isinstance(value, Iterator) else value
        for name, value in read_object(JsonText(in_pieces(text, size)))
    }


@given(st.dictionaries(st.text(max_size=5), VALUES), st.integers(1, 50), st.booleans())
def test_an_object_is_the_same_in_pieces_of_any_size(
    value: dict[str, Any], size: int, ascii_only: bool
) -> None:
    assert read(json.dumps(value, ensure_ascii=ascii_only, indent=1), size) == value


@pytest.mark.parametrize("size", range(1, 12))
def test_an_escape_that_is_cut_between_two_pieces_is_read_whole(size: int) -> None:
    text = r'{"log": "a\\\"\ud83d\ude00\u00e9\\ud83d\n", "next": 12345}'
    assert read(text, size) == {"log": 'a\\"😀é\\ud83d\n', "next": 12345}


@pytest.mark.parametrize("number", ["10.0", "-0.5e-7", "12345", "1E+5", "0"])
def test_a_number_that_is_cut_anywhere_is_read_whole(number: str) -> None:
    for size in range(1, 20):
        assert read(f'{{"a": {number}, "b": [{number}]}}', size) == {
            "a": json.loads(number),
            "b": [json.loads(number)],
        }


@pytest.mark.parametrize("cut", ["", "{", '{"a"', '{"a": ', '{"a": "b', '{"a": "b"', '{"a": [1, 2'])
def test_a_text_that_ends_too_early_is_an_error(cut: str) -> None:
    with pytest.raises(ValueError):
        read(cut, 3)


@pytest.mark.parametrize("text", ["<html>", '{"a": nope}', '{"a": "b" "c"}', "[" * 100_000])
def test_a_text_that_is_no_object_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        read(text, 7)


def test_a_part_that_nobody_reads_is_skipped() -> None:
    names = [name for name, _ in read_object(JsonText(in_pieces('{"log": "long", "b": 1}', 4)))]
    assert names == ["log", "b"]
