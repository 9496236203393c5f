"""What the pages show, read from the state."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kitctl.local.state import records
from kitctl.local.state.local_state import LocalState
from kitctl.local.state.machines import Pool
from kitctl.local.state.records import Kernel, OutputFile, Session

MOST_RUNS = 100
MOST_FILES = 500
MOST_LOG_LINES = 2000
QUOTA_POOLS: tuple[Pool, ...] = ("gpu", "tpu")
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_LABELS = {records.CANCEL_ACKNOWLEDGED: "cancelled"}


@dataclass(frozen=True)
class ShownRun:
    """A run as the pages name it."""

    kernel: Kernel
    session: Session
    now: float

    @property
    def name(self) -> str:
        return f"{self.kernel.owner}/{self.kernel.slug}/{self.session.version}"

    @property
    def status(self) -> str:
        status = self.session.status
        return _LABELS.get(status, status.lower().replace("_", " "))

    @property
    def is_live(self) -> bool:
        return self.session.ended_at is None

    @property
    def pushed(self) -> str:
        return moment(self.session.queued_at)

    @property
    def ran(self) -> str:
        if self.session.started_at is None:
            return ""
        return duration((self.session.ended_at or self.now) - self.session.started_at)


@dataclass(frozen=True)
class ShownPool:
    """The hours of a week's quota."""

    name: str
    used: float
    reserved: float
    allowed: float

    @property
    def left(self) -> float:
        return max(0.0, self.allowed - self.used - self.reserved)


def runs(state: LocalState, kernel: Kernel | None = None) -> list[ShownRun]:
    """Return the newest runs, of one kernel or of all that the account sees."""
    kernels = {each.id: each for each in ([kernel] if kernel else state.kernels.visible())}
    now = state.clock.now()
    sessions = state.sessions.newest(list(kernels), MOST_RUNS)
    return [ShownRun(kernels[session.kernel_id], session, now) for session in sessions]


def run(state: LocalState, session_id: int) -> ShownRun:
    """Return one run. Raises ApiError where the account sees none of this id."""
    session = state.sessions.get(session_id)
    kernel = state.kernels.version_by_number(session.kernel_id, session.version).kernel
    state.kernels.find(kernel.owner, kernel.slug)
    return ShownRun(kernel, session, state.clock.now())


def pools(state: LocalState) -> list[ShownPool]:
    shown = []
    for pool in QUOTA_POOLS:
        week = state.quota.statistics(pool)
        hours = (week.used / 3600, week.reserved / 3600, week.allowed / 3600)
        shown.append(ShownPool(pool.upper(), *hours))
    return shown


def datasets(state: LocalState) -> list[tuple[str, str, int, str]]:
    """Return reference, title, size and the time of each data set that was pushed."""
    return [
        (
            f"{each.owner}/{each.slug}",
            each.title,
            state.datasets.total_bytes(each),
            moment(each.created_at),
        )
        for each in state.datasets.visible()[:MOST_RUNS]
    ]


def outputs(state: LocalState, session: Session) -> list[OutputFile]:
    return state.sessions.outputs(session.id, 0, MOST_FILES)


def log(file: Path) -> tuple[int, list[str]]:
    """Return how many lines a log has, and the last of them."""
    last: deque[str] = deque(maxlen=MOST_LOG_LINES)
    count = 0
    for line in _log_lines(file):
        last.append(line)
        count += 1
    return count, list(last)


def is_picture(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(8).startswith(_PICTURES)
    except OSError:
        return False


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def duration(seconds: float) -> str:
    """Return `1 h 02 min`, `3 min 04 s` or `5 s`."""
    whole = max(0, round(seconds))
    if whole >= 3600:
        return f"{whole // 3600} h {whole // 60 % 60:02d} min"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"


def _log_lines(file: Path) -> Iterator[str]:
    if not file.exists():
        return
    with file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                yield str(json.loads(line)["data"]).rstrip("\n")
            except (ValueError, KeyError, TypeError):
                continue
