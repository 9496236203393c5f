"""What the API shows of a kernel shortly after a push, when not all of Kaggle knows of it yet."""

from __future__ import annotations

from dataclasses import replace

from kitctl.local.state.clock import ServerClock
from kitctl.local.state.errors import NO_RUNS, ApiError, forbidden
from kitctl.local.state.kernels import Kernels
from kitctl.local.state.records import Kernel, KernelVersion
from kitctl.local.state.settings import ServerSettings


class Visibility:
    """Versions by how long ago they were pushed."""

    def __init__(self, kernels: Kernels, settings: ServerSettings, clock: ServerClock) -> None:
        self._kernels = kernels
        self._settings = settings
        self._clock = clock

    def check(self, version: KernelVersion) -> None:
        """Raise ApiError for `hidden_seconds` after the version's push."""
        if self._clock.now() >= version.created_at + self._settings["hidden_seconds"]:
            return
        status = int(self._settings["hidden_status"])
        raise ApiError(status, NO_RUNS if status == 404 else forbidden("kernels.get").message)

    def newest(self, kernel: Kernel) -> KernelVersion:
        """Return the newest version that was pushed at least `kernel_lag_seconds` ago.

        Raises:
            ApiError: there is none; the kernel looks as if it did not exist.
        """
        seen_until = self._clock.now() - self._settings["kernel_lag_seconds"]
        for number in range(kernel.current_version, 0, -1):
            version = self._kernels.version(kernel, f"v{number}")
            if version.created_at <= seen_until:
                return replace(version, kernel=replace(kernel, current_version=number))
        raise forbidden("kernels.get")
