"""Asking Kaggle while something else is done: a round trip takes as long as much of the loading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def prefetch(question: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Asks beside the block, which ends no sooner than the answer has come.

    What is given waits for the answer, or raises the failure.
    """
    with ThreadPoolExecutor(1, "ahead") as asking:
        yield asking.submit(question).result
