"""The weekly quota: seconds used, seconds reserved by running sessions, and the reset."""

from __future__ import annotations

from dataclasses import dataclass

from kitctl.local.state.clock import ServerClock
from kitctl.local.state.database import Database
from kitctl.local.state.machines import SESSIONS_AT_ONCE, Pool
from kitctl.local.state.settings import ServerSettings

WEEK_SECONDS = 7 * 86400
# 1970-01-03, the first Saturday of the epoch: every later one is whole weeks away.
FIRST_SATURDAY = 2 * 86400

# Ids of interactive sessions, below those of pushed runs.
INTERACTIVE_IDS = 170_000_000

# An open notebook that nobody uses is closed after so long.
IDLE_SECONDS = 1200.0


@dataclass(frozen=True)
class QuotaStatistics:
    """One pool's week, in seconds.

    `used` counts sessions that have ended; `reserved` counts running sessions so far.
    """

    used: float
    reserved: float
    allowed: float
    minimum: float
    has_ever_run: bool


def week_start(now: float) -> float:
    """Return the last Saturday 00:00 UTC, `now` included."""
    return now - (now - FIRST_SATURDAY) % WEEK_SECONDS


class Quota:
    """The weekly quota of each pool, and the limits beyond which Kaggle refuses a push."""

    def __init__(self, database: Database, settings: ServerSettings, clock: ServerClock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    def refresh_time(self) -> float:
        """Return when the quota is reset next."""
        return week_start(self._clock.now()) + WEEK_SECONDS

    def statistics(self, pool: Pool) -> QuotaStatistics:
        """Return this week's numbers of a pool."""
        now = self._clock.now()
        start = week_start(now)
        # A session across the reset counts in each week with its part of that week.
        ended = self._database.fetch_one(
            "SELECT COALESCE(SUM(ended_at - MAX(started_at, ?)), 0) AS seconds FROM ("
            "  SELECT accelerator, started_at, ended_at FROM sessions"
            "  UNION ALL"
            "  SELECT accelerator, started_at, ended_at FROM interactive WHERE ended_at <= ?"
            ") WHERE accelerator = ? AND started_at IS NOT NULL AND ended_at > ?",
            start,
            now,
            pool,
            start,
        )
        running = self._database.fetch_one(
            "SELECT COALESCE(SUM(? - MAX(started_at, ?)), 0) AS seconds FROM ("
            "  SELECT accelerator, started_at FROM sessions WHERE ended_at IS NULL"
            "  UNION ALL SELECT accelerator, started_at FROM interactive WHERE ended_at > ?"
            ") WHERE accelerator = ? AND started_at IS NOT NULL",
            now,
            start,
            now,
            pool,
        )
        ever = self._database.fetch_one(
            "SELECT 1 FROM sessions WHERE accelerator = ? LIMIT 1", pool
        )
        assert ended is not None and running is not None
        allowed = self._settings[f"{pool}_allowed_seconds"]
        return QuotaStatistics(
            used=ended["seconds"],
            reserved=max(0.0, running["seconds"]),
            allowed=allowed,
            minimum=allowed,
            has_ever_run=ever is not None,
        )

    def limit_message(self, pool: Pool) -> str | None:
        """Return Kaggle's message if no further session of this pool may start now."""
        if pool != "cpu":
            statistics = self.statistics(pool)
            if statistics.used + statistics.reserved >= statistics.allowed:
                hours = statistics.allowed / 3600
                return f"Maximum weekly {pool.upper()} quota of {hours:.2f} hours reached."
        at_once = self._database.fetch_one(
            "SELECT COUNT(*) AS sessions FROM sessions WHERE accelerator = ? AND ended_at IS NULL",
            pool,
        )
        assert at_once is not None
        if at_once["sessions"] >= (limit := SESSIONS_AT_ONCE[pool]):
            return f"Maximum batch {pool.upper()} session count of {limit} reached."
        return None

    def add_interactive_use(self, pool: Pool, started_at: float, ended_at: float) -> None:
        """Count the time of an open notebook, which no kernel's run shows."""
        self._database.execute(
            "INSERT INTO interactive VALUES (?, ?, ?)", pool, started_at, ended_at
        )

    def open_interactive(self, pool: Pool) -> int:
        """Count the time of a notebook that is open from now on, until it has been idle for long.

        Returns:
            the id of its session.
        """
        now = self._clock.now()
        return INTERACTIVE_IDS + self._database.execute(
            "INSERT INTO interactive VALUES (?, ?, ?)", pool, now, now + IDLE_SECONDS
        )

    def close_interactive(self, session_id: int) -> bool:
        """Close an open notebook; return False where there is none with this session."""
        now, row = self._clock.now(), session_id - INTERACTIVE_IDS
        with self._database.transaction():
            is_open = self._database.fetch_one(
                "SELECT 1 FROM interactive WHERE rowid = ? AND ended_at > ?", row, now
            )
            self._database.execute(
                "UPDATE interactive SET ended_at = ? WHERE rowid = ? AND ended_at > ?",
                *(now, row, now),
            )
        return is_open is not None
