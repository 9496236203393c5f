"""What an operation takes, against a local Kaggle: client, ledger, downloads, results folder."""

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
from kitctl.domain.runs.run import KernelRef, RunRef
from kitctl.operations.pull_results import PullOptions, PullResult, pull_results
from kitctl.operations.watching.find_run import TargetRun
from kitctl.ports import NullReporter

# A finished run, on any day but today.
LAST_WEEK = {"startedAt": "2026-11-10T10:00:00Z", "endedAt": "2026-11-10T11:00:00Z"}


class RecordingReporter(NullReporter):
    """Records every line of information and warning."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, text: str) -> None:
        self.lines.append(text)

    def warn(self, text: str) -> None:
        self.lines.append(text)


@dataclass
class LocalSetup:
    """A local Kaggle and the objects with which operations reach it."""

    server: LocalKaggle
    kaggle: KaggleApi
    ledger: SqliteLedger
    folder: Path
    clock: Any = time
    reporter: RecordingReporter = field(default_factory=RecordingReporter)

    def seed(self, slug: str = "finished", log: Sequence[str] = (), **run: Any) -> TargetRun:
        """Add a finished run that left `files` and wrote `log`; the ledger does not know it."""
        lines = [{"stream_name": "stdout", "time": 1.0, "data": f"{text}\n"} for text in log]
        seeded = self.server.seed(slug, **{"status": "COMPLETE", **LAST_WEEK, "log": lines, **run})
        return TargetRun(RunRef(KernelRef("local", slug), seeded["version"]), None)

    def pull(self, target: TargetRun, *, out: Path | None = None, **options: Any) -> PullResult:
        """Pull a run's outputs into `out`, or into `folder`."""
        return pull_results(
            target,
            self.kaggle,
            self.ledger,
            HttpDownloader(direct=True),
            LocalResultsFolder(out or self.folder),
            PullOptions(**options),
            self.reporter,
        )


@pytest.fixture
def setup(local_kaggle: LocalKaggle, tmp_path: Path) -> Iterator[LocalSetup]:
    """A wiped local Kaggle and an empty ledger; retries end after 15 s."""
    reporter = RecordingReporter()
    kaggle = connect_local(
        local_kaggle.endpoint, local_kaggle.token, on_wait=reporter.warn, total_seconds=15.0
    )
    with SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
        yield LocalSetup(local_kaggle, kaggle, ledger, tmp_path / "results", reporter=reporter)
