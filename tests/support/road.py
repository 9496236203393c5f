"""The whole road to a local Kaggle in one object: adapter, ledger, downloads, folder."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.local_kaggle import LocalKaggle

from kitctl.adapters.download import HttpDownloader
from kitctl.adapters.kaggle import KaggleApi, connect_local
from kitctl.adapters.ledger import SqliteLedger
from kitctl.adapters.results_folder import LocalResultsFolder
from kitctl.domain.runs import KernelRef, RunRef
from kitctl.operations.pull_results import PullOptions, PullResult, pull_results
from kitctl.operations.shared.find_run import TargetRun
from kitctl.operations.shared.reporter import NullReporter

# A finished run, on any day but today.
LAST_WEEK = {"startedAt": "2026-11-10T10:00:00Z", "endedAt": "2026-11-10T11:00:00Z"}


class Listener(NullReporter):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def info(self, text: str) -> None:
        self.said.append(text)

    def warn(self, text: str) -> None:
        self.said.append(text)


@dataclass
class Road:
    server: LocalKaggle
    kaggle: KaggleApi
    ledger: SqliteLedger
    folder: Path
    clock: Any = time
    listener: Listener = field(default_factory=Listener)

    def seed(self, slug: str = "finished", log: Sequence[str] = (), **run: Any) -> TargetRun:
        """A finished run that left `files` and wrote `log`; not one of the ledger's."""
        lines = [{"stream_name": "stdout", "time": 1.0, "data": f"{text}\n"} for text in log]
        seeded = self.server.seed(slug, **{"status": "COMPLETE", **LAST_WEEK, "log": lines, **run})
        return TargetRun(RunRef(KernelRef("local", slug), seeded["version"]), None)

    def pull(self, found: TargetRun, *, out: Path | None = None, **selection: Any) -> PullResult:
        chosen = PullOptions(**selection)
        return pull_results(
            found,
            self.kaggle,
            self.ledger,
            HttpDownloader(direct=True),
            LocalResultsFolder(out or self.folder),
            chosen,
            self.listener,
        )


@pytest.fixture
def road(local_kaggle: LocalKaggle, tmp_path: Path) -> Iterator[Road]:
    """A local Kaggle, and all that a command needs on the way to it; retries end after 15 s."""
    listener = Listener()
    kaggle = connect_local(
        local_kaggle.endpoint, local_kaggle.token, on_wait=listener.warn, total_seconds=15.0
    )
    with SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
        yield Road(local_kaggle, kaggle, ledger, tmp_path / "results", listener=listener)
