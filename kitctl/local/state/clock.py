"""The local Kaggle's clock: the machine's, moved by what a test asks for."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from kitctl.local.state.errors import bad_request
from kitctl.local.state.settings import ServerSettings


class ServerClock:
    """Seconds since the epoch. The clock runs on from wherever it was set, also over a restart."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings

    def now(self) -> float:
        return time.time() + self._settings["clock_offset_seconds"]

    def set(self, now: float) -> None:
        self._settings["clock_offset_seconds"] = now - time.time()

    def advance(self, seconds: float) -> None:
        self._settings["clock_offset_seconds"] += seconds


def utc(seconds: float) -> datetime:
    """Return the UTC time of seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC)


def parse_time(text: str) -> float:
    """Return an ISO 8601 time as seconds since the epoch; without an offset it is UTC.

    Raises:
        ApiError: the text is not an ISO 8601 time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise bad_request(f'"{text}" is no ISO 8601 time.') from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
