"""Reasons to end the training before its last epoch, so that no hours are wasted."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from kernel import session
from kernel.fit.checkpoints import Progress
from kernel.settings.settings import Settings

_SAVING_TIME = 60.0  # seconds reserved for saving, at most a tenth of the limit
_WARM_UP = 60.0  # seconds of training before the use of the GPU is judged

PLATEAU = "plateau"  # the cause of a stop after which fine-tuning goes on


@dataclass(frozen=True)
class Stop:
    """Why the training ended early: `cause` for run.json, `message` for people."""

    cause: str
    message: str


@dataclass(frozen=True)
class StopMonitor:
    """The decision after each epoch whether to stop.

    `gpu_use(since)` is the mean use in percent from `since` (seconds into the run) on, or None if
    unknown; `since` is when the training began.
    """

    settings: Settings
    gpu_use: Callable[[float], float | None]
    since: float
    feeds_from_disk: bool

    def reason_to_stop(self, progress: Progress) -> Stop | None:
        """Return the first reason to stop now, if there is one."""
        return (
            self._not_finite(progress)
            or out_of_time(self.settings, progress)
            or self._plateau(progress)
            or self._input_bound()
        )

    def _not_finite(self, progress: Progress) -> Stop | None:
        if self.settings.stop_on_nan and not progress.is_finite():
            return Stop("nan_loss", f"the loss of epoch {progress.epochs} is not a number")
        return None

    def _plateau(self, progress: Progress) -> Stop | None:
        patience = self.settings.stop_on_plateau
        losses = progress.history.get("val_loss", [])
        if not patience or not losses:
            return None
        epochs_since_best = len(losses) - 1 - losses.index(min(losses))
        if epochs_since_best < patience:
            return None
        return Stop(PLATEAU, f"val_loss has not improved for {epochs_since_best} epochs")

    def _input_bound(self) -> Stop | None:
        threshold = self.settings.stop_below_gpu_use
        if not threshold or not self.feeds_from_disk or session.elapsed() - self.since < _WARM_UP:
            return None
        use = self.gpu_use(self.since)
        if use is None or use >= 100 * threshold:
            return None
        return Stop(
            "input_bound", f"the GPU is busy {use:.0f} % of the time: the input is too slow"
        )


def out_of_time(settings: Settings, progress: Progress) -> Stop | None:
    """Return a stop if the time limit leaves no time for another epoch and for saving."""
    limit = settings.time_limit
    if not limit:
        return None
    needed = median(progress.seconds) + min(_SAVING_TIME, limit / 10)
    if session.elapsed() + needed <= limit:
        return None
    return Stop("time_limit", f"{limit - session.elapsed():.0f}s of {limit:.0f}s are left")
