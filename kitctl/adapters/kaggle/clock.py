"""Kaggle's clock, from the Date of its answers."""

from __future__ import annotations

import math
import time
from email.utils import parsedate_to_datetime


class RemoteClock:
    """How far Kaggle's clock is from this machine's.

    A Date is cut to whole seconds and was written somewhere between request and answer, so each
    bounds the difference; together they close in on it. A clock that was set starts anew.
    """

    def __init__(self) -> None:
        self._low = -math.inf
        self._high = math.inf

    @property
    def offset_seconds(self) -> float | None:
        """What to add to this machine's clock; None before the first answer."""
        return None if math.isinf(self._low) else (self._low + self._high) / 2

    def now(self) -> float:
        return time.time() + (self.offset_seconds or 0.0)

    def heard(self, date: str | None, sent_at: float, received_at: float) -> None:
        """Takes in the Date of an answer; both times are by this machine's clock."""
        try:
            at = parsedate_to_datetime(date or "").timestamp()
        except ValueError:
            return
        low, high = at - received_at, at + 1.0 - sent_at
        self._low, self._high = max(self._low, low), min(self._high, high)
        if self._low > self._high:
            self._low, self._high = low, high
