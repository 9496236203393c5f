"""A limit for a whole request: the timeouts of a socket begin anew with every byte."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def call_until(
    deadline: float | None, function: Callable[[], T], late: Callable[[], Exception]
) -> T:
    """Call a function and return its result; raise `late()` where it is not there in time.

    `deadline` is by time.monotonic(); None is no limit. The function runs in a thread that is left
    alone after the deadline: nothing else ends a look-up of a name or a wait for a single byte.
    """
    if deadline is None:
        return function()
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(function())
        except BaseException as error:  # It belongs to the caller, whatever it is.
            result.set_exception(error)

    left = deadline - time.monotonic()
    if left <= 0:
        raise late()
    threading.Thread(target=run, name="request", daemon=True).start()
    try:
        return result.result(left)
    except TimeoutError:
        if result.done():
            raise
        raise late() from None
