"""The clock of a local Kaggle as an operation's clock: waiting moves it, and takes no time."""

from __future__ import annotations

from dataclasses import dataclass

from support.local_kaggle_calls import LocalKaggleCalls


@dataclass
class ServerClock:
    server: LocalKaggleCalls
    waited_seconds: float = 0.0

    def monotonic(self) -> float:
        return self.waited_seconds

    def sleep(self, seconds: float) -> None:
        self.waited_seconds += seconds
        self.server.advance(seconds)
