"""`report`: what a page about pulled runs shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitctl.domain.results.files import (
    LARGEST_MANIFEST_BYTES,
    MANIFEST,
    ManifestEntry,
    parse_manifest,
)
from kitctl.domain.results.predictions import PredictionTable, read_predictions
from kitctl.domain.results.run_report import Unreadable
from kitctl.files import own_file
from kitctl.operations.results.compared_runs import ComparedRuns, compare_pulled
from kitctl.operations.results.pictures import Picture, shrink
from kitctl.operations.results.pulled_run import PulledRun

PREDICTIONS = "predictions.csv"
LOG_LINES = 400
LOG_BYTES = 200_000
# Of all pictures together; in base64 they take a third more.
PICTURE_BYTES = 1_600_000
# What the page draws or counts itself.
_REDRAWN = ("loss", "accuracy", "confusion", "_zoom")
_FIRST = ("mistakes", "photos", "feature_maps")


@dataclass(frozen=True)
class ReportedRun:
    """What the page shows of one run. `log` holds the last lines of `log_lines`."""

    run: PulledRun
    name: str
    predictions: PredictionTable
    pictures: tuple[Picture, ...]
    left_out: tuple[str, ...]
    log: tuple[str, ...]
    log_is_cut: bool
    files: Mapping[str, ManifestEntry]

    @property
    def changed_settings(self) -> Mapping[str, Any]:
        """The settings that have not their defaults, as far as the run says that."""
        changed = self.run.summary.report.get("changed_settings")
        return changed if isinstance(changed, dict) else {}


@dataclass(frozen=True)
class RunReport:
    """The runs of a page, and their comparison."""

    runs: tuple[ReportedRun, ...]
    compared: ComparedRuns


def build_report(runs: Sequence[PulledRun]) -> RunReport:
    """Read what the page shows; a run's file that cannot be read is left out."""
    compared = compare_pulled(runs)
    budget = PICTURE_BYTES // len(runs)
    return RunReport(
        tuple(_reported(run, name, budget) for run, name in zip(runs, compared.names, strict=True)),
        compared,
    )


def _reported(run: PulledRun, name: str, budget: int) -> ReportedRun:
    pictures, left_out = shrink(_picture_paths(run.folder), run.folder, budget)
    log, is_cut = _log(run.folder)
    return ReportedRun(
        run=run,
        name=name,
        predictions=_predictions(run.folder),
        pictures=tuple(pictures),
        left_out=tuple(left_out),
        log=tuple(log),
        log_is_cut=is_cut,
        files=_files(run.folder),
    )


def _predictions(folder: Path) -> PredictionTable:
    path = own_file(folder, PREDICTIONS)
    try:
        if path is None:
            return PredictionTable()
        with path.open("rb") as file:
            return read_predictions(file)
    except (OSError, Unreadable):
        return PredictionTable()


def _picture_paths(folder: Path) -> list[Path]:
    has_table = (folder / PREDICTIONS).is_file()
    paths = [
        path
        for path in sorted(folder.rglob("*.png"))
        if own_file(folder, path.relative_to(folder).as_posix())
        and not (path.stem.endswith(_REDRAWN) and (has_table or path.stem != "confusion"))
    ]
    return sorted(paths, key=lambda path: _FIRST.index(path.stem) if path.stem in _FIRST else 9)


def _log(folder: Path) -> tuple[list[str], bool]:
    """Return the last lines of the log, and whether there are others before them."""
    logs = (own_file(folder, path.name) for path in sorted(folder.glob("log*.txt")))
    path = next(filter(None, logs), None)
    if path is None:
        return [], False
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - LOG_BYTES))
        lines = file.read(LOG_BYTES).decode("utf-8", "replace").splitlines()
    return lines[-LOG_LINES:], size > LOG_BYTES or len(lines) > LOG_LINES


def _files(folder: Path) -> Mapping[str, ManifestEntry]:
    path = own_file(folder, MANIFEST)
    try:
        if path is None:
            return {}
        with path.open("rb") as file:
            return parse_manifest(file.read(LARGEST_MANIFEST_BYTES + 1)) or {}
    except OSError:
        return {}
