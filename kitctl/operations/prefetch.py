"""Send a request while something else is done: a round trip takes as long as much of the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def prefetch(request: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Call `request` in a thread beside the block, which ends no sooner than the answer has come.

    Yields a function that waits for the answer and returns it, or raises the failure.
    """
    with ThreadPoolExecutor(1, "prefetch") as pool:
        yield pool.submit(request).result
