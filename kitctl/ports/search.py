"""The port to a search for the best values of a job's parameters, which survives its process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kitctl.domain.runs.trials import Trial


class Search(Protocol):
    """Chooses the values of each trial from the results of those before it.

    Every call is stored before it returns, so that a killed search goes on. Trials are named by
    their number, from 0.
    """

    def trials(self) -> list[Trial]:
        """Return all trials in the order of their numbers."""

    def begin(self) -> Trial:
        """Return a new trial; it is running from now on."""

    def report(self, number: int, epoch: int, value: float) -> None:
        """Store the metric after an epoch; a value that is stored already stays."""

    def is_behind(self, number: int) -> bool:
        """Return whether a running trial is clearly behind the others at its last epoch."""

    def record_stop(self, number: int, expected_seconds: float | None) -> None:
        """Record that a running trial is to be stopped, and how long it would have run."""

    def complete(self, number: int, value: float) -> None:
        """Record a trial that has ended with this value of the metric."""

    def prune(self, number: int, given_back_seconds: float | None) -> None:
        """Record a trial that was stopped, and what that has saved."""

    def fail(self, number: int, reason: str) -> None:
        """Record a trial without a result."""

    def best(self) -> Trial | None:
        """Return the best complete trial; None before the first one."""
