"""Numbers of things and bytes in words."""

from __future__ import annotations

import pytest

from kitctl.domain.runs.counts import counted, size_text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (1234, "1,234 files")]
)
def test_a_count_agrees_with_its_noun(number: int, text: str) -> None:
    assert counted(number, "file") == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (39, "39 B"), (45_100, "45.1 kB"), (3_200_000, "3.2 MB"), (10**9, "1.0 GB")],
)
def test_a_size_has_the_unit_that_it_is_read_in(size: int, text: str) -> None:
    assert size_text(size) == text
