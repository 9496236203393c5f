"""Code of others is read, or refused by one error."""

from __future__ import annotations

import pytest

from kitctl.domain.job.python_code import check_python, parse_python

TOO_DEEP = ["-" * 100_000 + "1", "a" + ".b" * 100_000, "(" * 5_000 + ")" * 5_000]


@pytest.mark.parametrize("source", ["def f(:", "x\0y", "# coding: no such\n", *TOO_DEEP])
def test_whatever_python_cannot_read_is_a_syntax_error(source: str) -> None:
    with pytest.raises(SyntaxError) as raised:
        parse_python(source.encode())
    assert str(raised.value)
    with pytest.raises(SyntaxError):
        check_python(source.encode(), "train.py")


def test_code_that_does_not_run_as_a_module_is_found_by_compiling_it() -> None:
    assert parse_python("return 1").body
    with pytest.raises(SyntaxError, match="outside function"):
        check_python("return 1", "train.py")
