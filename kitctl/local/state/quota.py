"""The weekly accelerator quota: what is used, what running sessions hold, when it starts again."""

from __future__ import annotations

from dataclasses import dataclass

from kitctl.local.state.accelerators import SESSIONS_AT_ONCE, Kind
from kitctl.local.state.clock import Clock
from kitctl.local.state.database import Database
from kitctl.local.state.settings import ServerSettings

WEEK_SECONDS = 7 * 86400
# 1970-01-03, the first Saturday of the epoch: every later one is whole weeks away.
FIRST_SATURDAY = 2 * 86400

MACHINES: dict[Kind, str] = {"gpu": "GPU", "tpu": "TPU", "cpu": "CPU"}


@dataclass(frozen=True)
class Reading:
    """One accelerator's week, in seconds.

    `used` is of sessions that have ended; `reserved` what running ones have held so far.
    """

    used: float
    reserved: float
    allowed: float
    minimum: float
    has_ever_run: bool


def week_start(now: float) -> float:
    """The Saturday 00:00 UTC at or before `now`."""
    return now - (now - FIRST_SATURDAY) % WEEK_SECONDS


class Quota:
    def __init__(self, database: Database, settings: ServerSettings, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    def refresh_time(self) -> float:
        return week_start(self._clock.now()) + WEEK_SECONDS

    def reading(self, kind: Kind) -> Reading:
        now = self._clock.now()
        start = week_start(now)
        # A session across the reset counts in each week for its own share.
        ended = self._database.row(
            "SELECT COALESCE(SUM(ended_at - MAX(started_at, ?)), 0) AS seconds FROM ("
            "  SELECT accelerator, started_at, ended_at FROM sessions"
            "  UNION ALL SELECT accelerator, started_at, ended_at FROM interactive"
            ") WHERE accelerator = ? AND started_at IS NOT NULL AND ended_at > ?",
            start,
            kind,
            start,
        )
        running = self._database.row(
            "SELECT COALESCE(SUM(? - MAX(started_at, ?)), 0) AS seconds FROM sessions "
            "WHERE accelerator = ? AND started_at IS NOT NULL AND ended_at IS NULL",
            now,
            start,
            kind,
        )
        ever = self._database.row("SELECT 1 FROM sessions WHERE accelerator = ? LIMIT 1", kind)
        assert ended is not None and running is not None
        allowed = self._settings[f"{kind}_allowed_seconds"]
        return Reading(
            used=ended["seconds"],
            reserved=max(0.0, running["seconds"]),
            allowed=allowed,
            minimum=allowed,
            has_ever_run=ever is not None,
        )

    def refusal(self, kind: Kind) -> str | None:
        """Kaggle's words when one more session of this kind may not start now."""
        machine = MACHINES[kind]
        if kind != "cpu":
            reading = self.reading(kind)
            if reading.used + reading.reserved >= reading.allowed:
                hours = reading.allowed / 3600
                return f"Maximum weekly {machine} quota of {hours:.2f} hours reached."
        at_once = self._database.row(
            "SELECT COUNT(*) AS sessions FROM sessions WHERE accelerator = ? AND ended_at IS NULL",
            kind,
        )
        assert at_once is not None
        if at_once["sessions"] >= SESSIONS_AT_ONCE[kind]:
            return f"Maximum batch {machine} session count of {SESSIONS_AT_ONCE[kind]} reached."
        return None

    def use_elsewhere(self, kind: Kind, started_at: float, ended_at: float) -> None:
        """Count an interactive session, which no kernel's run shows."""
        self._database.change(
            "INSERT INTO interactive VALUES (?, ?, ?)", kind, started_at, ended_at
        )
