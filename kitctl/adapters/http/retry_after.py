"""The header Retry-After: seconds, or a date."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait; None where it names no time to come."""
    text = headers.get("Retry-After", "")
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_until(text, headers.get("Date"))
    return seconds if 0 < seconds < math.inf else None


def _seconds_until(date: str, now: str | None) -> float:
    """Return the seconds from now, by the server's clock, to a date; 0 for what is no date."""
    try:
        end = parsedate_to_datetime(date).timestamp()
        return end - (parsedate_to_datetime(now).timestamp() if now else time.time())
    except (ValueError, OverflowError):
        return 0.0
