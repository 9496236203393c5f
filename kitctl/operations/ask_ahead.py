"""Asking Kaggle while the rest of the command is still being loaded: a round trip takes as long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def asked_ahead(question: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Asks beside the block; what is yielded waits for the answer, or raises the failure."""
    with ThreadPoolExecutor(1, "ahead") as beside:
        yield beside.submit(question).result
