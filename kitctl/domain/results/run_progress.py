"""How far a run is, by the lines of its log: epochs, a metric, and when it will end."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import pairwise
from statistics import median

from kitctl.domain.results.metrics import NO_CURVES, lower_is_better, preferred_metric

# `epoch 3/30 loss 0.41 val_loss 0.5 12.1s` of the shipped job, `Epoch 3/30` of Keras and others.
_EPOCH = re.compile(r"\[?epoch[ :]+(\d{1,7})\s*(?:/|of)\s*(\d{1,7})\b", re.IGNORECASE)
_VALUE = re.compile(
    r"\b([A-Za-z][\w-]{0,60})(?:\s*[:=]\s*|\s+)(-?\d{1,12}(?:\.\d{1,12})?(?:e-?\d{1,3})?)(?![\w/])"
)
_ACCURACY = re.compile(r"val_.*(accuracy|acc)|.*accuracy")
# A line that is longer is no line of figures, and would take long to read.
LONGEST_LINE = 2000
MOST_METRICS = 50


class RunProgress:
    """Reads a log line by line. `epoch` and `epochs` are 0 until a line names them."""

    def __init__(self) -> None:
        self.epoch = 0
        self.epochs = 0
        self.seconds = 0.0
        self._began: dict[int, float] = {}  # epoch → when its line came
        self._curves: dict[str, dict[int, float]] = {}

    def read(self, time: float, text: str) -> bool:
        """Take the next line, `time` seconds after the start; return whether it says anything."""
        self.seconds = max(self.seconds, time)
        if len(text) > LONGEST_LINE:
            return False
        match = _EPOCH.search(text)
        if match:
            self.epoch, self.epochs = int(match[1]), int(match[2])
            self._began.setdefault(self.epoch, time)
        if not self.epoch:
            return False
        rest = text[match.end() :] if match else text
        numbers = ((name, float(value)) for name, value in _VALUE.findall(rest))
        values = [(name, number) for name, number in numbers if math.isfinite(number)]
        for name, value in values[:MOST_METRICS]:
            if name not in NO_CURVES and (name in self._curves or len(self._curves) < MOST_METRICS):
                self._curves.setdefault(name, {})[self.epoch] = value
        return bool(match or values)

    @property
    def metric(self) -> str | None:
        """The metric that people read: an accuracy of the validation, else a loss or another."""
        accuracies = [name for name in self._curves if _ACCURACY.fullmatch(name)]
        of_validation = [name for name in accuracies if name.startswith("val_")]
        accuracy = next(iter([*of_validation, *accuracies]), None)
        return accuracy or preferred_metric(list(self._curves))

    @property
    def values(self) -> list[float]:
        """The metric's values so far."""
        return list(self._curves.get(self.metric or "", {}).values())

    @property
    def best(self) -> tuple[float, int] | None:
        """The metric's best value and its epoch."""
        metric = self.metric
        points = self._curves.get(metric or "", {})
        if metric is None or not points:
            return None
        choose = min if lower_is_better(metric) else max
        value = choose(points.values())
        return value, next(epoch for epoch, each in points.items() if each == value)

    def points(self, metric: str) -> Mapping[int, float]:
        """Return the values of a metric so far: epoch → value."""
        return self._curves.get(metric, {})

    @property
    def epoch_seconds(self) -> float | None:
        """The median time from an epoch's line to the next; None before the second one."""
        times = sorted(self._began.items())
        steps = [
            (after - before) / (next_epoch - epoch)
            for (epoch, before), (next_epoch, after) in pairwise(times)
        ]
        return median(steps) if steps else None

    @property
    def seconds_left(self) -> float | None:
        """How long the epochs that are left will take, counted from the last epoch's line."""
        pace = self.epoch_seconds
        if pace is None or self.epoch not in self._began:
            return None
        since = self.seconds - self._began[self.epoch]
        return max(0.0, pace * (self.epochs - self.epoch) - since)
