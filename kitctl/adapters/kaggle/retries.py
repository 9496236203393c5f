"""Requests that are repeated: when, how long, and what is said meanwhile."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from kitctl.adapters.kaggle.errors import RetryLater
from kitctl.domain.runs import durations

if TYPE_CHECKING:
    import tenacity

T = TypeVar("T")

_log = logging.getLogger("kitctl.kaggle")

# Seconds for all tries where there is no network, or another's answer: that seldom passes by
# itself.
NO_NETWORK_SECONDS = 10.0


class Retries:
    """The tries of one request.

    They take `total_seconds` together, and none begins after `end` by time.monotonic(). `on_wait`
    gets the reason of each repetition.
    """

    def __init__(self, total_seconds: float, end: float, on_wait: Callable[[str], None]) -> None:
        self._started = time.monotonic()
        self._total_seconds = total_seconds
        self._end = end
        self._on_wait = on_wait

    def call(self, attempt: Callable[[], T]) -> T:
        """Call `attempt` until it raises no RetryLater; waits as long as Kaggle asks.

        Raises:
            KitError: the last failure, once the time for all tries is over.
        """
        try:
            return attempt()
        except RetryLater as failure:
            return self._repeat(failure, attempt)

    def _repeat(self, failure: RetryLater, attempt: Callable[[], T]) -> T:
        # Loaded only here: most requests work at once.
        import tenacity

        past_failures = [failure]

        def next_attempt() -> T:
            if past_failures:
                raise past_failures.pop()
            return attempt()

        def wait(state: tenacity.RetryCallState) -> float:
            return max(backoff(state), _failure(state).retry_after or 0.0)

        backoff = tenacity.wait_exponential(multiplier=0.5, max=15) + tenacity.wait_random(0, 0.5)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(RetryLater),
            wait=wait,
            stop=self._is_over,
            before_sleep=self._report,
            reraise=True,
        )
        try:
            return retrying(next_attempt)
        except RetryLater as last:
            raise last.error from None

    def _is_over(self, state: tenacity.RetryCallState) -> bool:
        end = min(self._end, self._started + self._patience(_failure(state)))
        return time.monotonic() + state.upcoming_sleep >= end

    def _patience(self, failure: RetryLater) -> float:
        """Return the seconds for all tries of a request that fails in this way."""
        if failure.lasting:
            return 0.0
        if failure.error.code in {"no_network", "not_kaggle"}:
            return min(self._total_seconds, NO_NETWORK_SECONDS)
        return self._total_seconds

    def _report(self, state: tenacity.RetryCallState) -> None:
        pause = state.next_action.sleep if state.next_action else 0.0
        error = _failure(state).error
        _log.debug("retry %d in %.1f s: %s", state.attempt_number, pause, error.code)
        self._on_wait(f"{error.message} Trying again in {durations.describe(pause)}.")


def _failure(state: tenacity.RetryCallState) -> RetryLater:
    failure = state.outcome and state.outcome.exception()
    assert isinstance(failure, RetryLater)
    return failure
