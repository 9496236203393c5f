"""What a run's log says of it, for runs whose outputs were not pulled."""

from __future__ import annotations

import re
from collections.abc import Iterable
from statistics import median

from kitctl.domain.results.error_line import ErrorLineReader
from kitctl.domain.runs.run import Facts
from kitctl.domain.runs.session_id import SessionIdReader

_EPOCH = re.compile(r"epoch (\d+)/\d+\b.*?(?: (\d+(?:\.\d+)?)s)?\s*")
_PHASE = re.compile(r"phase (\w+) (\d+(?:\.\d+)?)s\s*")

# The phases of a run whose seconds grow with its photos.
PHOTO_PHASES = ("photos", "base", "features")


def facts_of_log(lines: Iterable[tuple[float, str, str]]) -> Facts:
    """Return the facts in the log of an ended run: (seconds, stream, text) of each line.

    The log of a program other than the packed job says only how long it ran.
    """
    length = 0.0
    session = SessionIdReader()
    epochs: dict[int, float | None] = {}
    photo_seconds: float | None = None
    error = ErrorLineReader()
    for time, stream, text in lines:
        length = max(length, time)
        error.read(stream, text)
        session.read(stream, text)
        if epoch := _EPOCH.fullmatch(text):
            epochs[int(epoch[1])] = float(epoch[2]) if epoch[2] else None
        elif (phase := _PHASE.fullmatch(text)) and phase[1] in PHOTO_PHASES:
            photo_seconds = (photo_seconds or 0.0) + float(phase[2])
    timed = [seconds for seconds in epochs.values() if seconds is not None]
    return Facts(
        session_id=session.session_id,
        log_seconds=length,
        epochs_done=len(epochs) or None,
        epoch_seconds=median(timed) if timed else None,
        photo_seconds=photo_seconds,
        error_line=error.line,
    )
