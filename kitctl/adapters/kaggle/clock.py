"""Kaggle's clock, from the Date header of its responses."""

from __future__ import annotations

import math
import time
from email.utils import parsedate_to_datetime


class RemoteClock:
    """The difference between Kaggle's clock and this machine's.

    A Date is cut to whole seconds and was written somewhere between request and response, so each
    one bounds the difference from both sides. Bounds that contradict each other mean that a clock
    was set: the newest one then counts alone.
    """

    def __init__(self) -> None:
        self._low = -math.inf
        self._high = math.inf

    @property
    def offset_seconds(self) -> float | None:
        """What to add to this machine's clock; None before the first response."""
        return None if math.isinf(self._low) else (self._low + self._high) / 2

    def now(self) -> float:
        """Return Kaggle's time in seconds since 1970; this machine's before the first response."""
        return time.time() + (self.offset_seconds or 0.0)

    def observe(self, date: str | None, sent_at: float, received_at: float) -> None:
        """Narrow the bounds by a response's Date; both times are by this machine's clock."""
        try:
            at = parsedate_to_datetime(date or "").timestamp()
        except (ValueError, OverflowError):
            return
        low, high = at - received_at, at + 1.0 - sent_at
        self._low, self._high = max(self._low, low), min(self._high, high)
        if self._low > self._high:
            self._low, self._high = low, high
