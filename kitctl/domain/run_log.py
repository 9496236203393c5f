"""What a run's log tells of it, for runs whose outputs nobody pulled."""

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


def facts_of_log(lines: Iterable[tuple[float, str]]) -> Facts:
    """Return what the log of an ended run tells; each line is its time in seconds and its text.

    A log of any other program tells how long it ran, and no more.
    """
    length = 0.0
    session_id: int | None = None
    epochs: dict[int, float | None] = {}
    photo_seconds: float | None = None
    for time, text in lines:
        length = max(length, time)
        if found := _SESSION.fullmatch(text):
            session_id = session_id or int(found[1])
        elif found := _EPOCH.fullmatch(text):
            epochs[int(found[1])] = float(found[2]) if found[2] else None
        elif (found := _PHASE.fullmatch(text)) and found[1] in PHOTO_PHASES:
            photo_seconds = (photo_seconds or 0.0) + float(found[2])
    timed = [seconds for seconds in epochs.values() if seconds is not None]
    return Facts(
        session_id=session_id,
        log_seconds=length,
        epochs_done=len(epochs) or None,
        epoch_seconds=median(timed) if timed else None,
        photo_seconds=photo_seconds,
    )
