"""Python code of others, which may be anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager


def parse_python(source: str | bytes) -> ast.Module:
    """Return the tree of some code.

    Raises:
        SyntaxError: it is not valid Python, or nested too deeply for this one.
    """
    with _one_error():
        return ast.parse(source)


def check_python(source: str | bytes, file: str) -> None:
    """Compile some code, which finds more than parsing it: a `return` outside of a function.

    Raises:
        SyntaxError: it is not valid Python, or nested too deeply for this one.
    """
    with _one_error():
        compile(source, file, "exec", dont_inherit=True)


@contextmanager
def _one_error() -> Iterator[None]:
    """Raise a SyntaxError for all that Python raises for code that it cannot read."""
    try:
        yield
    except ValueError as error:
        raise SyntaxError(str(error)) from None
    except (RecursionError, MemoryError):
        raise SyntaxError("it is nested too deeply") from None
