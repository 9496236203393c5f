"""What a run's log says of it, for runs whose outputs were not pulled."""

from __future__ import annotations

import re
from collections.abc import Iterable
from statistics import median

from kitctl.domain.runs import Facts

_SESSION = re.compile(r"session (\d+)\s*")
_EPOCH = re.compile(r"epoch (\d+)/\d+\b.*?(?: (\d+(?:\.\d+)?)s)?\s*")
_PHASE = re.compile(r"phase (\w+) (\d+(?:\.\d+)?)s\s*")

# The phases of a run whose seconds grow with its photos.
PHOTO_PHASES = ("photos", "base", "features")


def session_id_of(line: str) -> int | None:
    """Return the session's id where this line of the log names it: `session <id>`."""
    session = _SESSION.fullmatch(line)
    return int(session[1]) if session else None


def facts_of_log(lines: Iterable[tuple[float, str]]) -> Facts:
    """Return the facts in the log of an ended run, given as (time in seconds, text) of each line.

    The log of a program other than the packed job says only how long it ran.
    """
    length = 0.0
    session_id: int | None = None
    epochs: dict[int, float | None] = {}
    photo_seconds: float | None = None
    for time, text in lines:
        length = max(length, time)
        if session := session_id_of(text):
            session_id = session_id or session
        elif epoch := _EPOCH.fullmatch(text):
            epochs[int(epoch[1])] = float(epoch[2]) if epoch[2] else None
        elif (phase := _PHASE.fullmatch(text)) and phase[1] in PHOTO_PHASES:
            photo_seconds = (photo_seconds or 0.0) + float(phase[2])
    timed = [seconds for seconds in epochs.values() if seconds is not None]
    return Facts(
        session_id=session_id,
        log_seconds=length,
        epochs_done=len(epochs) or None,
        epoch_seconds=median(timed) if timed else None,
        photo_seconds=photo_seconds,
    )
