"""A chain: one job over several sessions, each of which goes on from what the last one left.

The contract with a job, whatever it is written in:

- a folder with the outputs of the earlier session is named by KITCTL_RESUME, which is not set in
  the first session;
- a job that has more to do leaves the file UNFINISHED.txt, whose text says how far it is. To
  survive Kaggle's own time limit it writes the file at its start, changes it as it goes on, and
  removes it when all is done;
- a session that ends with an error ends the chain, unless the file says `on_error: continue`.

Where a chain stands is written into the source of each of its versions, so that any machine can go
on with it.
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from enum import StrEnum

from kitctl.domain.runs.run import Status

UNFINISHED_FILE = "UNFINISHED.txt"
CHAIN_VARIABLE = "KITCTL_CHAIN"
CONTINUE_ON_ERROR = "on_error: continue"

_ID_DIGITS = 16
_VALUE = (
    rf"(?P<chain>[0-9a-f]{{{_ID_DIGITS}}}) (?P<number>[1-9][0-9]{{0,5}})"
    rf" (?P<spent>[0-9]{{1,9}}) (?P<limit>[0-9]{{1,9}}) (?P<progress>[0-9a-f]{{{_ID_DIGITS}}})"
)
_IN_SOURCE = re.compile(rf"\b{CHAIN_VARIABLE}\b\W{{1,8}}(?P<value>{_VALUE})\b")
# How much less than its limit a session that used it up may seem to have run: the time is that of
# polls. Of a short session it is half of the limit.
_LIMIT_MARGIN_SECONDS = 60.0
# With fewer seconds left no other session is pushed: it would end before it has gone further.
_SHORTEST_SESSION_SECONDS = 60.0


@dataclass(frozen=True)
class ChainSession:
    """A session of a chain, as the source of its version says.

    `number` counts from 1; `spent_seconds` is what the sessions before it took, `limit_seconds` how
    long it may run itself, and `progress` a digest of how far the others came.
    """

    chain: str
    number: int
    spent_seconds: int
    limit_seconds: int
    progress: str

    @property
    def variable(self) -> str:
        """The value of CHAIN_VARIABLE in this session."""
        numbers = f"{self.number} {self.spent_seconds} {self.limit_seconds}"
        return f"{self.chain} {numbers} {self.progress}"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one session may take, and what a chain may use in all (None is no limit)."""

    session_seconds: int
    sessions: int | None = None
    seconds: float | None = None

    def of_next(self, spent_seconds: float) -> int:
        """Return how long a session may run after others took `spent_seconds`."""
        if self.seconds is None:
            return self.session_seconds
        return max(1, min(self.session_seconds, math.ceil(self.seconds - spent_seconds)))


def first_session(script_sha256: str, limits: Limits) -> ChainSession:
    """Return the first session of the chain of a job."""
    return ChainSession(script_sha256[:_ID_DIGITS], 1, 0, limits.of_next(0), _digest(""))


def read_session(source: str) -> ChainSession | None:
    """Return the session that a version's source belongs to; None for a run outside of chains."""
    match = _IN_SOURCE.search(source)
    return parse_session(match["value"]) if match else None


def parse_session(value: str) -> ChainSession | None:
    """Return the session of a value of CHAIN_VARIABLE; None for anything else."""
    match = re.fullmatch(_VALUE, value)
    if match is None:
        return None
    number, spent, limit = (int(match[name]) for name in ("number", "spent", "limit"))
    return ChainSession(match["chain"], number, spent, limit, match["progress"])


@dataclass(frozen=True, kw_only=True)
class SessionEnd:
    """How a session ended: `unfinished` is the text of its UNFINISHED.txt, None where it has none.

    `seconds` is how long it ran.
    """

    status: Status
    seconds: float
    unfinished: str | None


class ChainOutcome(StrEnum):
    """What follows after a session."""

    CONTINUES = "continues"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NO_PROGRESS = "no_progress"
    SESSIONS_USED = "sessions_used"
    HOURS_USED = "hours_used"

    @property
    def label(self) -> str:
        """The outcome as people read it: "no progress"."""
        return self.replace("_", " ")


def outcome(session: ChainSession, end: SessionEnd, limits: Limits) -> ChainOutcome:
    """Return what follows after a session that has ended."""
    # Kaggle has one state for a session that was cancelled and for one whose time was over.
    margin = min(_LIMIT_MARGIN_SECONDS, session.limit_seconds / 2)
    if end.status.cancelled and end.seconds < session.limit_seconds - margin:
        return ChainOutcome.CANCELLED
    if end.unfinished is None:
        return ChainOutcome.FINISHED if end.status is Status.COMPLETE else ChainOutcome.FAILED
    if end.status.failed and CONTINUE_ON_ERROR not in end.unfinished:
        return ChainOutcome.FAILED
    if _digest(end.unfinished) == session.progress:
        return ChainOutcome.NO_PROGRESS
    if limits.sessions is not None and session.number >= limits.sessions:
        return ChainOutcome.SESSIONS_USED
    left = math.inf if limits.seconds is None else limits.seconds - session.spent_seconds
    if left - end.seconds < _SHORTEST_SESSION_SECONDS:
        return ChainOutcome.HOURS_USED
    return ChainOutcome.CONTINUES


def next_session(session: ChainSession, end: SessionEnd, limits: Limits) -> ChainSession:
    """Return the session that goes on after one that has ended unfinished."""
    spent = session.spent_seconds + round(end.seconds)
    return ChainSession(
        session.chain,
        session.number + 1,
        spent,
        limits.of_next(spent),
        _digest(end.unfinished or ""),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.strip().encode("utf-8", "replace")).hexdigest()[:_ID_DIGITS]
