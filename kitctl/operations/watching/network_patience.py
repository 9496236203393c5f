"""How long a network that fails is put up with."""

from __future__ import annotations

from kitctl.ports import Clock


class NetworkPatience:
    """The time since the network began to fail, which must not exceed `seconds`."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds
        self._failing_since: float | None = None

    def is_exhausted(self) -> bool:
        """Note a failure; return whether it has failed for too long."""
        now = self._clock.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        return now - self._failing_since > self._seconds

    def renew(self) -> None:
        """Note that Kaggle answered, be it with a refusal."""
        self._failing_since = None
