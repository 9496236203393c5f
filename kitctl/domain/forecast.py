"""How long a run will hold its accelerator, from what this kernel's runs took before.

A past run is taken apart into what it took once (container, imports, export), what grew with the
photos (reading them, running a frozen base over them) and what each epoch took; put together again
for the epochs and photos asked for now, it says what that job would have taken. The forecast is the
median of what the latest runs say; its spread is their median deviation, so that one odd run moves
neither. A kernel without a past is expected to take all the time that its session may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from kitctl.domain.runs import Forecast, Intent, Run, Status

PAST = "past"
TIMEOUT = "timeout"

# A longer memory would only remember how an older version of the job behaved.
LATEST_RUNS = 10

# The standard deviation of a normal distribution, in median absolute deviations.
_DEVIATIONS = 1.4826
# Two standard deviations hold about nineteen of twenty runs; the same job on the same machine still
# varies by a few percent, and a single run says nothing of how much.
_LEAST_SPREAD = 0.05
_SPREAD_OF_ONE = 0.25

# Settings that change how much is computed in a way that the forecast itself accounts for, or not
# at all; runs that differ in any other are a different workload.
_NOT_WORKLOAD = frozenset({"epochs", "photos_per_class", "seed", "learning_rate", "zoom_from"})


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How good past forecasts were: `median_error` is a share of the forecast (0.1 is 10 %)."""

    runs: int
    median_error: float
    within_spread: int


def forecast_run(intent: Intent, past: Sequence[Run]) -> Forecast:
    """Return how long the intended run will hold its machine, from `past` runs, newest first."""
    told = _like(intent, [run for run in past if _told(run)])[:LATEST_RUNS]
    if not told:
        return forecast_without_past(intent.limit_seconds)
    expected = [_translated(run, intent) for run in told]
    middle = median(expected)
    spread = _spread(expected, middle)
    return Forecast(
        seconds=_within(middle, intent),
        low_seconds=_within(max(0.0, middle - spread), intent),
        high_seconds=_within(middle + spread, intent),
        basis=PAST,
    )


def forecast_without_past(limit_seconds: float) -> Forecast:
    """Return the forecast of a job without a past: all the time that its session may take."""
    return Forecast(
        seconds=limit_seconds, low_seconds=0.0, high_seconds=limit_seconds, basis=TIMEOUT
    )


def epochs_that_fit(intent: Intent, past: Sequence[Run], seconds: float) -> int | None:
    """Return how many epochs of the intended run fit in `seconds`; None where nothing tells."""
    told = _like(intent, [run for run in past if _told(run)])[:1]
    if not told or not (parts := _Parts.of(told[0])).an_epoch:
        return None
    ratio = _photo_ratio(told[0], intent)
    return max(0, int((seconds - parts.total(0, ratio)) // (parts.an_epoch * ratio)))


def accuracy(runs: Iterable[Run]) -> Accuracy | None:
    """Return how past forecasts compare with what the runs then took; None where none was made.

    What was only the timeout was no forecast, and a run that failed, was cancelled or gave hours
    back did not do what was forecast.
    """
    made = [
        (run.intent.forecast, _held(run))
        for run in runs
        if run.intent.forecast.basis == PAST and _told(run) and not run.facts.saved_seconds
    ]
    if not made:
        return None
    errors = [abs(took - (said.seconds or 0.0)) / (said.seconds or 1.0) for said, took in made]
    within = [
        (said.low_seconds or 0.0) <= took <= (said.high_seconds or 0.0) for said, took in made
    ]
    return Accuracy(runs=len(made), median_error=median(errors), within_spread=sum(within))


def _told(run: Run) -> bool:
    """Return whether the run says anything of how long one takes."""
    return run.status is Status.COMPLETE and run.started_at is not None and run.ended_at is not None


def _held(run: Run) -> float:
    return (run.ended_at or 0.0) - (run.started_at or 0.0)


def _like(intent: Intent, runs: list[Run]) -> list[Run]:
    """Return the runs of the same workload if there are any, else all of them.

    The same machine weighs more than the same settings: a T4's seconds say little of a TPU's.
    """
    same_machine = [run for run in runs if run.intent.accelerator == intent.accelerator] or runs
    workload = _workload(intent.settings)
    return [run for run in same_machine if _workload(run.intent.settings) == workload] or (
        same_machine
    )


def _workload(settings: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in settings.items() if name not in _NOT_WORKLOAD}


class _Parts(NamedTuple):
    """A past run's seconds: spent once, spent on reading its photos, and in each epoch."""

    once: float
    reading: float
    an_epoch: float

    @classmethod
    def of(cls, run: Run) -> _Parts:
        held, facts = _held(run), run.facts
        if facts.epoch_seconds is None or not facts.epochs_done:
            # Nobody looked into the run: as if it did nothing but its epochs, if it has any.
            epochs = run.intent.epochs
            return cls(0.0, 0.0, held / epochs) if epochs else cls(held, 0.0, 0.0)
        in_epochs = min(held, facts.epoch_seconds * facts.epochs_done)
        reading = min(held - in_epochs, facts.photo_seconds or 0.0)
        return cls(held - in_epochs - reading, reading, in_epochs / facts.epochs_done)

    def total(self, epochs: int, photo_ratio: float) -> float:
        """Return the seconds with so many epochs and `photo_ratio` times as many photos."""
        return self.once + (self.reading + self.an_epoch * epochs) * photo_ratio


def _translated(run: Run, intent: Intent) -> float:
    """Return the seconds that a past run would have taken with the epochs and photos of now."""
    epochs = intent.epochs or run.intent.epochs or run.facts.epochs_done or 0
    return _Parts.of(run).total(epochs, _photo_ratio(run, intent))


def _photo_ratio(run: Run, intent: Intent) -> float:
    """Return how many times as many photos are asked for now; 1 where that is not known."""
    now = intent.settings.get("photos_per_class")
    then = run.intent.settings.get("photos_per_class")
    if isinstance(now, int) and isinstance(then, int) and now and then:
        return now / then
    return 1.0


def _spread(expected: Sequence[float], middle: float) -> float:
    if len(expected) == 1:
        return _SPREAD_OF_ONE * middle
    deviation = median(abs(seconds - middle) for seconds in expected)
    return max(_LEAST_SPREAD * middle, 2 * _DEVIATIONS * deviation)


def _within(seconds: float, intent: Intent) -> float:
    """Return the seconds, whole and at least one, as far as the session lasts."""
    return max(1.0, float(round(min(seconds, intent.limit_seconds))))
