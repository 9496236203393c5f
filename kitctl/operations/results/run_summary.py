"""What a pulled run reports of itself, as far as its files can be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar

from kitctl.domain.results import run_report
from kitctl.domain.results.history import History, read_history
from kitctl.domain.results.metrics import finite_number
from kitctl.ports import ResultsFolder

T = TypeVar("T")

HISTORY = "history.csv"


@dataclass(frozen=True)
class UnreadableFile:
    """A file of which the summary shows nothing, or not all."""

    path: str
    reason: str


@dataclass(frozen=True)
class RunSummary:
    """What metrics.json, history.csv and run.json hold; `unreadable` names what is left out."""

    metrics: Mapping[str, Any]
    history: History
    report: Mapping[str, Any]
    unreadable: tuple[UnreadableFile, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the run reports nothing of itself."""
        return not (self.metrics or self.history.columns or self.report)

    @property
    def program_seconds(self) -> float | None:
        """How long the program ran, by its run.json."""
        return finite_number(run_report.numbers(self.report.get("seconds")).get("total"))

    @property
    def recall(self) -> Mapping[str, float]:
        """The share of each class that was predicted correctly, by class."""
        metrics = self.report.get("metrics")
        return run_report.numbers(metrics.get("recall") if isinstance(metrics, dict) else None)


def read_summary(folder: ResultsFolder, is_here: Callable[[str], bool]) -> RunSummary:
    """Read the files of the run that are here."""
    unreadable = []

    def read(name: str, parse: Callable[[BinaryIO], T], default: T) -> T:
        file = folder.open(name) if is_here(name) else None
        if file is None:
            return default
        with file:
            try:
                return parse(file)
            except run_report.Unreadable as error:
                unreadable.append(UnreadableFile(name, str(error)))
                return default

    nothing: dict[str, Any] = {}
    metrics = read("metrics.json", _parse_object, nothing)
    report = read("run.json", _parse_object, nothing)
    history = read(HISTORY, read_history, History())
    unreadable += [UnreadableFile(HISTORY, f"without {part}") for part in history.left_out]
    return RunSummary(run_report.metrics(metrics), history, report, tuple(unreadable))


def _parse_object(file: BinaryIO) -> dict[str, Any]:
    return run_report.parse_object(file.read(run_report.LARGEST_JSON_BYTES + 1))
