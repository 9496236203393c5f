"""What the log of a session says of each of its trials.

The log of a session with one trial is that trial's. Of several, `trial_launcher.py` writes a line
before and after each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kitctl.domain.results.trial_log import TrialLog

_BORDER = re.compile(r"kitctl: trial ([0-9]{1,6}) (?:begins|ended with exit code (-?[0-9]{1,10}))")


class SessionLog:
    """Reads a log line by line, and gives each trial its own part.

    `trials` are the trials' logs by their numbers; of a session with several, `exit_codes` says
    how those that are over have ended.
    """

    def __init__(self, metric: str, numbers: Sequence[int]) -> None:
        self.trials = {number: TrialLog(metric) for number in numbers}
        self.exit_codes: dict[int, int] = {}
        self._is_shared = len(numbers) > 1
        self._current: int | None = None if self._is_shared else numbers[0]
        self._start = 0.0

    def has_begun(self, number: int) -> bool:
        """Return whether a trial has begun, as far as the log says."""
        return number == self._current or number in self.exit_codes

    def read(self, time: float, text: str) -> None:
        """Take the next line, `time` seconds after the session's start."""
        border = _BORDER.fullmatch(text.strip()) if self._is_shared else None
        if border is not None and int(border[1]) in self.trials:
            self._pass(time, int(border[1]), border[2])
        elif self._current is not None:
            self.trials[self._current].read(time - self._start, text)

    def _pass(self, time: float, number: int, exit_code: str | None) -> None:
        if exit_code is None:
            self._current, self._start = number, time
        else:
            self._current = None
            self.exit_codes[number] = int(exit_code)
