"""The ports for running on this machine: the clock, and a script in a folder like Kaggle's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Time as the operations use it."""

    def monotonic(self) -> float:
        """Return seconds that never decrease."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class LocalRun(Protocol):
    """A script that runs on this machine."""

    working: Path
    isolation: str
    """One sentence: whether it has a network, and whether it can write to its inputs."""

    def wait(self, timeout: float | None = None) -> int | None:
        """Return the exit code once it has ended; None while it runs."""

    def stop(self) -> None:
        """End its whole process tree."""


class Runner(Protocol):
    """Starts a script in a folder laid out as Kaggle's."""

    def __call__(
        self,
        root: Path,
        script: bytes,
        mounts: Mapping[str, Path],
        *,
        environment: Mapping[str, str],
        internet: bool,
        on_line: Callable[[str, str, float], None],
        on_isolation: Callable[[str], None] = ...,
        name: str = ...,
    ) -> LocalRun:
        """Start the script in `root`.

        `mounts` maps paths under input/ to local folders; `on_line` is called with each line's
        stream, text and seconds since the start, `on_isolation` with the run's `isolation` before
        it starts.
        """
