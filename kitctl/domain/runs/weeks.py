"""The quota week, and how much of a run falls into it.

Every instant is in seconds since 1970-01-01 UTC *on Kaggle's clock*, so no time zone, no daylight
saving and no wrong clock of the user's machine affects the arithmetic; only `kitctl.render` writes
local times. A leap day is a day like any other here.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import NamedTuple

HOUR_SECONDS = 3600.0
WEEK_SECONDS = 7 * 24 * HOUR_SECONDS

# Kaggle resets the quota on Saturdays at 00:00 UTC; 1970-01-03 was the first Saturday.
SATURDAY_MIDNIGHT = datetime(1970, 1, 3, tzinfo=UTC).timestamp()


class Week(NamedTuple):
    """One quota week, from `start` up to but without `end`, its reset."""

    start: float
    end: float

    def overlap(self, started_at: float, ended_at: float) -> float:
        """Return how many seconds of the interval from `started_at` to `ended_at` lie in here."""
        return max(0.0, min(ended_at, self.end) - max(started_at, self.start))

    def contains(self, instant: float) -> bool:
        """Return whether `instant` lies in this week."""
        return self.start <= instant < self.end

    def earlier(self, weeks: int = 1) -> Week:
        """Return the week that lies `weeks` before this one."""
        shift = weeks * WEEK_SECONDS
        return Week(self.start - shift, self.end - shift)


def week_of(instant: float, resets_at: float | None = None) -> Week:
    """Return the quota week that contains `instant`.

    `resets_at` is any reset that Kaggle named (its `quotaRefreshTime`): a past one, or one of a
    later week, says the same about when weeks begin. Without it they begin on Saturdays at 00:00
    UTC.
    """
    reset = SATURDAY_MIDNIGHT if resets_at is None else float(round(resets_at))
    start = reset + math.floor((instant - reset) / WEEK_SECONDS) * WEEK_SECONDS
    return Week(start, start + WEEK_SECONDS)


def last_weeks(current: Week, count: int) -> tuple[Week, ...]:
    """Return `current` and the weeks before it, `count` in all, oldest first."""
    return tuple(current.earlier(weeks) for weeks in range(count - 1, -1, -1))


def seconds_of(moment: datetime) -> float:
    """Return a moment as seconds since 1970 UTC; without a time zone it is UTC, as at Kaggle."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


def moment_of(seconds: float) -> datetime:
    """Return seconds since 1970 UTC as an aware moment in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
