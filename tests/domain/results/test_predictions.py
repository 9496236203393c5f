"""predictions.csv of any script."""

from __future__ import annotations

import io

import pytest

from kitctl.domain.results.predictions import WORST, read_predictions
from kitctl.domain.results.run_report import Unreadable


def table(
    *rows: str, heading: str = "path,true,predicted,probability,probability_of_true"
) -> bytes:
    return "\n".join([heading, *rows]).encode()


def test_classes_are_counted_and_the_worst_mistakes_come_first() -> None:
    read = read_predictions(
        io.BytesIO(table("1,a,a,0.9,0.9", "2,a,b,0.6,0.4", "3,b,a,0.99,0.01", "4,b,b,0.9,0.9"))
    )
    assert (read.total, read.wrong, read.classes) == (4, 2, ["a", "b"])
    assert (read.true_count("a"), read.predicted_count("a")) == (2, 2)
    assert [mistake.path for mistake in read.worst] == ["3", "2"]


def test_of_many_mistakes_the_worst_are_kept() -> None:
    rows = [f"{number},a,b,0.5,{number / 1000}" for number in range(1000)]
    worst = read_predictions(io.BytesIO(table(*rows[::-1]))).worst
    assert [mistake.path for mistake in worst] == [str(number) for number in range(WORST)]


@pytest.mark.parametrize("share", ["", "x", "nan", "-1", "1e9"])
def test_a_probability_that_is_none_counts_as_zero(share: str) -> None:
    (mistake,) = read_predictions(io.BytesIO(table(f"1,a,b,{share},{share}"))).worst
    assert (mistake.probability, mistake.probability_of_true) == (0.0, 0.0)


@pytest.mark.parametrize(
    "content", [table("1,2", heading="a,b"), b"path,true,predicted\n1", b"x" * (2 << 20)]
)
def test_another_table_is_refused(content: bytes) -> None:
    with pytest.raises(Unreadable):
        read_predictions(io.BytesIO(content))


def test_an_empty_file_has_no_predictions() -> None:
    assert read_predictions(io.BytesIO(b"")).total == 0
