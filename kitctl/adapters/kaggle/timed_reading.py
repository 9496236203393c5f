"""Read what is there of an endless stream, in a thread: a read ends only with its connection."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

# How long the thread may take to end after its connection was interrupted.
_END_SECONDS = 1.0


@dataclass(frozen=True)
class ReadingLimits:
    """When reading ends: after `quiet_seconds` without news, or after `seconds` in all.

    A stream that brings `long_size` within that time is still far behind, and gets as long again,
    up to `longest_seconds`.
    """

    quiet_seconds: float = 2.0
    seconds: float = 3.0
    long_size: int = 1 << 18
    longest_seconds: float = 120.0


@dataclass(frozen=True)
class _Item(Generic[T]):
    value: T
    received_at: float


class _Ended:
    """The stream has ended; `error` is what it ended with, if it is one."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error


def read_for_a_while(
    items: Iterator[T],
    size: Callable[[T], int],
    interrupt: Callable[[], None],
    limits: ReadingLimits,
) -> Iterator[T]:
    """Yield the items that come within the limits, and raise what their iterator raises.

    `interrupt` makes a read that waits end at once. How long the caller takes for an item does not
    count.
    """
    received: queue.SimpleQueue[_Item[T] | _Ended] = queue.SimpleQueue()

    def read() -> None:
        error = None
        try:
            for item in items:
                received.put(_Item(item, time.monotonic()))
        except Exception as raised:
            error = raised
        received.put(_Ended(error))

    thread = threading.Thread(target=read, daemon=True, name="log so far")
    thread.start()
    try:
        yield from _take(received, size, limits)
    finally:
        interrupt()
        thread.join(_END_SECONDS)


def _take(
    received: queue.SimpleQueue[_Item[T] | _Ended], size: Callable[[T], int], limits: ReadingLimits
) -> Iterator[T]:
    started = time.monotonic()
    end, total = started + limits.seconds, 0
    while True:
        try:
            left = max(0.0, end - time.monotonic())
            item = received.get(timeout=min(limits.quiet_seconds, left))
        except queue.Empty:
            return
        if isinstance(item, _Ended):
            if item.error is not None:
                raise item.error
            return
        if item.received_at > end:
            return
        yield item.value
        total += size(item.value)
        if total >= limits.long_size:
            end = min(item.received_at + limits.seconds, started + limits.longest_seconds)
            total = 0
