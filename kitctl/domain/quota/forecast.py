"""How long a run will occupy its accelerator, predicted from this kernel's past runs.

A past run is split into the time it took once (container, imports, export), the time that grew with
the photos (reading them, running a frozen base over them) and the time of each epoch. Added up for
the epochs and photos of the new run, these parts say what it would have taken. The forecast is the
median over the latest runs and its spread their median deviation, so that one unusual run changes
neither. A kernel without past runs is expected to take as long as its session may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from kitctl.domain.runs.run import Forecast, Intent, Run, Status
from kitctl.domain.runs.run_times import TimeSource

PAST = "past"
TIMEOUT = "timeout"

# Older runs say how an older version of the job behaved.
LATEST_RUNS = 10

# The standard deviation of a normal distribution, in median absolute deviations.
_DEVIATIONS = 1.4826
# Two standard deviations cover about nineteen of twenty runs; the same job on the same machine
# still varies by a few percent, and a single run does not say by how much.
_LEAST_SPREAD = 0.05
_SPREAD_OF_ONE = 0.25

# Settings that the forecast itself accounts for, or that do not change how much is computed; runs
# that differ in any other setting are a different workload.
_NOT_WORKLOAD = frozenset({"epochs", "photos_per_class", "seed", "learning_rate", "zoom_from"})


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How good past forecasts were; `median_error` is relative to the forecast (0.1 is 10 %)."""

    runs: int
    median_error: float
    within_spread: int


def forecast_run(intent: Intent, past: Sequence[Run]) -> Forecast:
    """Return how long the intended run will take, from `past` runs, newest first."""
    similar = _similar(intent, [run for run in past if _is_complete(run)])[:LATEST_RUNS]
    if not similar:
        return forecast_without_past(intent.limit_seconds)
    expected = [_scaled_seconds(run, intent) for run in similar]
    middle = median(expected)
    spread = _spread(expected, middle)
    return Forecast(
        seconds=_within(middle, intent),
        low_seconds=_within(max(0.0, middle - spread), intent),
        high_seconds=_within(middle + spread, intent),
        basis=PAST,
    )


def forecast_without_past(limit_seconds: float) -> Forecast:
    """Return the forecast of a job without past runs: all the time that its session may take."""
    return Forecast(
        seconds=limit_seconds, low_seconds=0.0, high_seconds=limit_seconds, basis=TIMEOUT
    )


def epochs_that_fit(intent: Intent, past: Sequence[Run], seconds: float) -> int | None:
    """Return how many epochs of the intended run fit in `seconds`; None where it is unknown."""
    similar = _similar(intent, [run for run in past if _is_complete(run)])[:1]
    if not similar or not (parts := _Parts.of(similar[0])).each_epoch:
        return None
    ratio = _photo_ratio(similar[0], intent)
    return max(0, int((seconds - parts.total(0, ratio)) // (parts.each_epoch * ratio)))


def accuracy(runs: Iterable[Run]) -> Accuracy | None:
    """Return how past forecasts compare with what the runs then took; None where there are none.

    A session's limit is no forecast, a run that failed, was cancelled or stopped early did not do
    what was forecast, and of a run without watching or log it is not known what it took.
    """
    forecasts = [
        (run.intent.forecast, _seconds(run))
        for run in runs
        if run.intent.forecast.basis == PAST
        and _is_complete(run)
        and run.time_source != TimeSource.BOUNDS
        and not run.facts.saved_seconds
    ]
    if not forecasts:
        return None
    errors = [
        abs(seconds - (forecast.seconds or 0.0)) / (forecast.seconds or 1.0)
        for forecast, seconds in forecasts
    ]
    within = [
        (forecast.low_seconds or 0.0) <= seconds <= (forecast.high_seconds or 0.0)
        for forecast, seconds in forecasts
    ]
    return Accuracy(runs=len(forecasts), median_error=median(errors), within_spread=sum(within))


def _is_complete(run: Run) -> bool:
    """Return whether the run did all its work, at times that are known."""
    return run.status is Status.COMPLETE and run.started_at is not None and run.ended_at is not None


def _seconds(run: Run) -> float:
    return (run.ended_at or 0.0) - (run.started_at or 0.0)


def _similar(intent: Intent, runs: list[Run]) -> list[Run]:
    """Return the runs of the same workload if there are any, else all of them.

    The same machine outranks the same settings: a T4's seconds say little about a TPU's.
    """
    same_machine = [run for run in runs if run.intent.accelerator == intent.accelerator] or runs
    workload = _workload(intent.settings)
    return [run for run in same_machine if _workload(run.intent.settings) == workload] or (
        same_machine
    )


def _workload(settings: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in settings.items() if name not in _NOT_WORKLOAD}


class _Parts(NamedTuple):
    """A past run's seconds: once, for all its photos, and in each epoch."""

    once: float
    photos: float
    each_epoch: float

    @classmethod
    def of(cls, run: Run) -> _Parts:
        seconds, facts = _seconds(run), run.facts
        if facts.epoch_seconds is None or not facts.epochs_done:
            # Neither log nor outputs were read: as if it did nothing but its epochs, if it has any.
            epochs = run.intent.epochs
            return cls(0.0, 0.0, seconds / epochs) if epochs else cls(seconds, 0.0, 0.0)
        in_epochs = min(seconds, facts.epoch_seconds * facts.epochs_done)
        photos = min(seconds - in_epochs, facts.photo_seconds or 0.0)
        return cls(seconds - in_epochs - photos, photos, in_epochs / facts.epochs_done)

    def total(self, epochs: int, photo_ratio: float) -> float:
        """Return the seconds with so many epochs and `photo_ratio` times as many photos."""
        return self.once + (self.photos + self.each_epoch * epochs) * photo_ratio


def _scaled_seconds(run: Run, intent: Intent) -> float:
    """Return what a past run would have taken with the intended epochs and photos."""
    epochs = intent.epochs or run.intent.epochs or run.facts.epochs_done or 0
    return _Parts.of(run).total(epochs, _photo_ratio(run, intent))


def _photo_ratio(run: Run, intent: Intent) -> float:
    """Return the intended photos over those of the past run; 1 where that is not known."""
    intended = intent.settings.get("photos_per_class")
    past = run.intent.settings.get("photos_per_class")
    if isinstance(intended, int) and isinstance(past, int) and intended and past:
        return intended / past
    return 1.0


def _spread(expected: Sequence[float], middle: float) -> float:
    if len(expected) == 1:
        return _SPREAD_OF_ONE * middle
    deviation = median(abs(seconds - middle) for seconds in expected)
    return max(_LEAST_SPREAD * middle, 2 * _DEVIATIONS * deviation)


def _within(seconds: float, intent: Intent) -> float:
    """Return the seconds as a whole number, at least 1, at most the session's limit."""
    return max(1.0, float(round(min(seconds, intent.limit_seconds))))
