"""What a run's log says of it, for runs whose outputs were not pulled."""

from __future__ import annotations

import re
from collections.abc import Iterable
from statistics import median

from kitctl.domain.results.error_line import ErrorLineReader
from kitctl.domain.runs.run import Facts

_SESSION = re.compile(r"session ([0-9]{1,19})\s*")
_CONTAINER = re.compile(r"kaggle_\S+-([0-9]{1,19})-webtier\s*")
_LARGEST_SESSION_ID = 2**63 - 1
_EPOCH = re.compile(r"epoch (\d+)/\d+\b.*?(?: (\d+(?:\.\d+)?)s)?\s*")
_PHASE = re.compile(r"phase (\w+) (\d+(?:\.\d+)?)s\s*")

# The phases of a run whose seconds grow with its photos.
PHOTO_PHASES = ("photos", "base", "features")


class SessionIdReader:
    """Read the id of a run's session from its log: from its first line on stdout only.

    A packed job begins with `session <id>`. In a script of the user's own these words may mean
    anything, so it must print the whole name of its container, which nobody writes by chance. An
    id that is another run's would stop that one. `is_over` says whether the first line has come.
    """

    def __init__(self, *, is_packed: bool) -> None:
        self._form = _SESSION if is_packed else _CONTAINER
        self.session_id: int | None = None
        self.is_over = False

    def read(self, stream: str, text: str) -> None:
        """Take the next line of the log."""
        if self.is_over or stream != "stdout" or not text.strip():
            return
        self.is_over = True
        match = self._form.fullmatch(text)
        number = int(match[1]) if match else 0
        self.session_id = number if 0 < number <= _LARGEST_SESSION_ID else None


def facts_of_log(lines: Iterable[tuple[float, str, str]], *, is_packed: bool) -> Facts:
    """Return the facts in the log of an ended run: (seconds, stream, text) of each line.

    The log of a program other than the packed job says only how long it ran.
    """
    length = 0.0
    session = SessionIdReader(is_packed=is_packed)
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
