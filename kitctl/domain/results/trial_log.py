"""What the log of a trial says of its metric: its value after each epoch, or one at the end.

The contract with a job: a line for each epoch with the metric's name and value, such as
`epoch 3/30 val_loss 0.41`. A job without epochs prints its metric once, or leaves metrics.json.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from kitctl.domain.results.run_progress import LONGEST_LINE, RunProgress


class TrialLog:
    """Reads the log of a trial line by line."""

    def __init__(self, metric: str) -> None:
        self._progress = RunProgress()
        self._metric = metric
        self._single = re.compile(
            rf"(?<![\w-]){re.escape(metric)}(?:\s*[:=]\s*|\s+)"
            r"(-?\d{1,12}(?:\.\d{1,12})?(?:e-?\d{1,3})?)(?![\w/])"
        )
        self._last_whole_epoch = 0
        self._single_value: float | None = None

    def read(self, time: float, text: str) -> None:
        """Take the next line, `time` seconds after the start."""
        last = self._progress.epoch
        self._progress.read(time, text)
        epoch = self._progress.epoch
        if epoch == last:
            if not epoch and len(text) <= LONGEST_LINE and (match := self._single.search(text)):
                self._single_value = float(match[1])
            return
        # A metric on a line of its own may come many times in an epoch, which then tells only at
        # its end.
        is_on_its_line = epoch in self._progress.points(self._metric)
        self._last_whole_epoch = epoch if is_on_its_line else last

    @property
    def curve(self) -> Mapping[int, float]:
        """The metric after each epoch that is over."""
        points = self._progress.points(self._metric)
        return {epoch: each for epoch, each in points.items() if epoch <= self._last_whole_epoch}

    @property
    def whole_curve(self) -> Mapping[int, float]:
        """The metric after each epoch, of a log that has ended."""
        return self._progress.points(self._metric)

    @property
    def epochs(self) -> int:
        """How many epochs the job will have; 0 where it does not say."""
        return self._progress.epochs

    @property
    def single_value(self) -> float | None:
        """The metric that a job without epochs has printed last."""
        value = self._single_value
        return value if value is not None and math.isfinite(value) else None

    @property
    def expected_seconds(self) -> float | None:
        """How long the run will have taken in all, by its epochs so far."""
        progress = self._progress
        if not progress.epoch or not progress.epochs:
            return None
        left = progress.seconds_left
        if left is not None:
            return progress.seconds + left
        return progress.seconds / progress.epoch * progress.epochs
