"""The port `Kaggle` in memory: without a network, a server or scripts that really run.

A run's script is a list of directives, one a line: `print TEXT`, `write NAME TEXT`, `fail`, `hang`.
Each poll advances the run by one state: QUEUED, RUNNING, then its end.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kitctl.domain.job.metadata import Sources
from kitctl.domain.job.source_names import UncheckedSource
from kitctl.domain.quota.quota import PoolReading, QuotaReading
from kitctl.domain.runs.run import KernelRef, RunRef, Status
from kitctl.errors import InvalidInput, Problem, Refused
from kitctl.ports import (
    KernelVersion,
    ListedFile,
    LogLine,
    OutputFile,
    PolledStatus,
    SavedVersion,
    SaveRequest,
    SourceVersion,
)


@dataclass
class FakeRun:
    request: SaveRequest
    session_id: int
    status: Status = Status.QUEUED
    failure_message: str = ""

    @property
    def directives(self) -> list[list[str]]:
        return [line.split(" ", 2) for line in self.request.text.splitlines()]

    @property
    def hangs(self) -> bool:
        return ["hang"] in self.directives

    def advance(self) -> None:
        if self.status is Status.QUEUED:
            self.status = Status.RUNNING
        elif self.status is Status.RUNNING and not self.hangs:
            self.status = Status.ERROR if ["fail"] in self.directives else Status.COMPLETE

    def log(self) -> list[LogLine]:
        printed = [" ".join(words) for verb, *words in self.directives if verb == "print"]
        session = [f"session {self.session_id}"] if "print session" in self.request.text else []
        texts = [*session, *(text for text in printed if text != "session")]
        return [LogLine(float(place), "stdout", text) for place, text in enumerate(texts)]


@dataclass
class FakeKaggle:
    service: str = "kaggle"
    name: str = "ada"
    credentials: str = "a token of the test's"
    datasets: tuple[str, ...] = ("ryanholbrook/car-or-truck",)
    gpu_sessions: int = 2
    clock_offset: float = 0.0
    kernels: dict[KernelRef, list[FakeRun]] = field(default_factory=dict)
    saves: int = 0

    def account(self) -> str:
        return self.name

    def now(self) -> float:
        return time.time() + self.clock_offset

    def clock_skew_seconds(self) -> float | None:
        return -self.clock_offset

    def newest_version(self, kernel: KernelRef) -> KernelVersion | None:
        versions = self.kernels.get(kernel, [])
        return self.version(RunRef(kernel, len(versions))) if versions else None

    def kernel_of_number(self, number: int) -> KernelRef | None:
        kernels = list(self.kernels)
        return kernels[number - 1] if 0 < number <= len(kernels) else None

    def version(self, run: RunRef) -> KernelVersion | None:
        saved = self._find(run)
        number = list(self.kernels).index(run.kernel) + 1 if saved else None
        return saved and KernelVersion(
            run, saved.request.text, saved.request.machine_shape, kernel_number=number
        )

    def lists(self, kernel: KernelRef) -> bool:
        return kernel in self.kernels

    def save(self, request: SaveRequest) -> SavedVersion:
        self.saves += 1
        busy = [
            run
            for runs in self.kernels.values()
            for run in runs
            if run.request.enable_gpu and not run.status.ended
        ]
        if request.enable_gpu and len(busy) >= self.gpu_sessions:
            raise Refused("Maximum batch GPU session count of 2 reached.", code="push_refused")
        runs = self.kernels.setdefault(request.kernel, [])
        runs.append(FakeRun(request, session_id=1000 + self.saves))
        return SavedVersion(
            RunRef(request.kernel, len(runs)), f"https://www.kaggle.com/code/{request.kernel}"
        )

    def status(self, run: RunRef) -> PolledStatus:
        polled = self._get(run)
        polled.advance()
        return PolledStatus(polled.status, polled.failure_message)

    def outputs(self, run: RunRef) -> Iterator[OutputFile]:
        for verb, *words in self._get(run).directives:
            if verb == "write":
                yield OutputFile(words[0], f"memory:{words[0]}")

    def listed_files(self, run: RunRef) -> Iterator[ListedFile]:
        for verb, *words in self._get(run).directives:
            if verb == "write":
                text = words[1] if len(words) > 1 else ""
                yield ListedFile(words[0], len(text), "2026-11-10T10:30:00.000Z")

    def output(self, run: RunRef, name: str, largest_bytes: int) -> bytes | None:
        texts = {words[1]: words[2] for words in self._get(run).directives if words[0] == "write"}
        content = texts[name].encode() if name in texts else None
        return content if content is None or len(content) <= largest_bytes else None

    def log(self, run: RunRef) -> Iterator[LogLine]:
        yield from self._get(run).log()

    def log_so_far(self, run: RunRef) -> Iterator[LogLine]:
        yield from self.log(run)

    def follow_log(self, run: RunRef) -> Iterator[LogLine]:
        yield from self.log(run)
        while self._get(run).hangs and not self._get(run).status.ended:
            time.sleep(0.01)

    def cancel(self, session_id: int) -> None:
        for runs in self.kernels.values():
            for run in runs:
                if run.session_id == session_id and not run.status.ended:
                    run.status = Status.CANCEL_ACKNOWLEDGED
                    return
        raise Refused("Kaggle did not cancel the run; it goes on.", code="not_cancelled")

    def quota(self) -> QuotaReading:
        return QuotaReading(
            read_at=self.now(),
            refreshes_at=None,
            pools=(
                PoolReading("gpu", 0.0, 0.0, 30 * 3600.0),
                PoolReading("tpu", 0.0, 0.0, 20 * 3600.0),
            ),
        )

    def source_problems(self, sources: Sources) -> tuple[Problem, ...]:
        kernels = {str(kernel) for kernel in self.kernels}
        missing = [name for name in sources.datasets if name not in self.datasets]
        missing += [name for name in sources.kernels if name not in kernels]
        unchecked = (*sources.competitions, *sources.models)
        return (
            *(Problem(name, "Kaggle shows no such source.") for name in missing),
            *(UncheckedSource(name, "not checked.") for name in unchecked),
        )

    def source_versions(self, sources: Sources) -> Mapping[str, SourceVersion]:
        kernels = {str(kernel): len(runs) for kernel, runs in self.kernels.items()}
        known = {**dict.fromkeys(self.datasets, 1), **kernels}
        return {
            name: SourceVersion(str(known[name]), None)
            for name in (*sources.datasets, *sources.kernels)
            if name in known
        }

    def _find(self, run: RunRef) -> FakeRun | None:
        runs = self.kernels.get(run.kernel, [])
        return runs[run.version - 1] if 0 < run.version <= len(runs) else None

    def _get(self, run: RunRef) -> FakeRun:
        saved = self._find(run)
        if saved is None:
            raise InvalidInput(f"Kaggle shows no run {run}.", code="not_found")
        return saved
