"""A run whose results are on this machine: found by its name or folder, and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from kitctl.domain.results.comparison import ComparedRun
from kitctl.domain.runs.run import KernelRef, Run, RunName, RunRef
from kitctl.errors import InvalidInput, KitError, NextCommand
from kitctl.operations.results.run_summary import RunSummary, read_summary
from kitctl.ports import Ledger, ResultsFolder

_MARKS_OF_RESULTS = (".kitctl", "manifest.json", "metrics.json", "history.csv", "run.json")


@dataclass(frozen=True)
class PulledRun:
    """A run's results in a folder, and the ledger's record; None where it was not pushed here.

    `name` is `<owner>/<slug>/<N>`, or the folder's name where nothing says which run it is.
    """

    name: str
    folder: Path
    record: Run | None
    summary: RunSummary
    service: str = ""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings in force by run.json, else those that were pushed."""
        settings = self.summary.report.get("settings")
        if isinstance(settings, dict):
            return settings
        return self.record.intent.settings if self.record else {}

    @property
    def verdict(self) -> Mapping[str, Any]:
        """The verdict on the curves in run.json; empty where there is none."""
        verdict = self.summary.report.get("reading")
        return verdict if isinstance(verdict, dict) else {}

    @property
    def seconds(self) -> float | None:
        """How long it occupied its machine; else how long its program ran."""
        seconds = self.record.machine_seconds if self.record else None
        return self.summary.program_seconds if seconds is None else seconds

    @property
    def accelerator_seconds(self) -> float | None:
        """The GPU or TPU seconds of the quota that it used; None where that is not known."""
        if self.record is None:
            return None
        return 0.0 if self.record.intent.pool == "cpu" else self.seconds

    @property
    def public_score(self) -> str | None:
        """The score in its competition, as Kaggle writes it; None where none is known here."""
        return self.record.facts.public_score if self.record else None

    @cached_property
    def compared(self) -> ComparedRun:
        """What the comparison of runs needs."""
        return ComparedRun(
            self.name, self.summary.history.columns, self.summary.metrics, self.verdict
        )


@dataclass(frozen=True, kw_only=True)
class PulledRuns:
    """Where pulled runs are looked for.

    `results` is the folder that holds `<slug>/v<N>`; `kernel` returns the project's kernel.
    """

    results: Path
    kernel: Callable[[], KernelRef]
    service: str
    ledger: Ledger
    open_folder: Callable[[Path], ResultsFolder]

    def find(self, name: str | None) -> PulledRun:
        """Return the run of this name or in this folder; None is the project's newest pulled one.

        Raises InvalidInput where its results are not here, UsageError for what names no run.
        """
        if name is not None and _is_results_folder(Path(name)):
            return self.read(Path(name))
        parsed = RunName.parse(name)
        kernel = parsed.kernel or self.kernel()
        if parsed.version is None:
            return self._newest(kernel)
        ref = RunRef(kernel, parsed.version)
        record = self.ledger.get(self.service, ref)
        for folder in self._folders(ref, record):
            if _is_results_folder(folder) and self._belongs_to(folder, record):
                return self.read(folder, record)
        named = f"{ref}" if parsed.kernel else f"{ref.version}"
        raise _not_pulled(f"The results of {ref} are not here.", named)

    def is_results(self, name: str) -> bool:
        """Return whether this is a folder of results."""
        return _is_results_folder(Path(name))

    def read(self, folder: Path, record: Run | None = None) -> PulledRun:
        """Read the results in a folder."""
        opened = self.open_folder(folder)
        owner = opened.owner
        service, _, name = owner.run.partition(" ") if owner else ("", "", "")
        if record is None and name:
            record = self._record(service, name)
        summary = read_summary(opened, lambda name: True)
        label = name or str(folder)
        return PulledRun(label, folder, record, summary, service)

    def of_record(self, record: Run) -> PulledRun | None:
        """Return the results of a run of the ledger; None where they are not here (any more)."""
        folder = Path(record.pulled_to) if record.pulled_to else None
        if folder is None or not _is_results_folder(folder):
            return None
        return self.read(folder, record) if self._belongs_to(folder, record) else None

    def _belongs_to(self, folder: Path, record: Run | None) -> bool:
        """Return whether a folder may hold a run's results: those of another may be there now."""
        owner = self.open_folder(folder).owner
        if record is None or owner is None:
            return True
        return owner.run == f"{record.intent.service} {record.name}"

    def _newest(self, kernel: KernelRef) -> PulledRun:
        for record in self.ledger.runs(self.service, None, kernel=kernel):
            if (pulled := self.of_record(record)) is not None:
                return pulled
        versions = sorted(
            int(path.name[1:])
            for path in (self.results / kernel.slug).glob("v*")
            if path.name[1:].isdecimal() and _is_results_folder(path)
        )
        if not versions:
            raise _not_pulled(f"No run of {kernel} has been pulled.", "")
        return self.read(self.results / kernel.slug / f"v{versions[-1]}")

    def _folders(self, ref: RunRef, record: Run | None) -> Sequence[Path]:
        recorded = [Path(record.pulled_to)] if record and record.pulled_to else []
        return [*recorded, self.results / ref.kernel.slug / ref.label]

    def _record(self, service: str, name: str) -> Run | None:
        try:
            parsed = RunName.parse(name)
        except KitError:
            return None
        if parsed.kernel is None or parsed.version is None:
            return None
        return self.ledger.get(service, RunRef(parsed.kernel, parsed.version))


def short_names(runs: Sequence[PulledRun]) -> list[str]:
    """Return a name for each run that tells it from the others: `v3`, else all of it."""
    kernels = {run.name.rpartition("/")[0] for run in runs}
    versions = [f"v{run.name.rpartition('/')[2]}" for run in runs]
    is_plain = all(version[1:].isdecimal() for version in versions)
    if is_plain and len(kernels) == 1 and len(set(versions)) == len(runs):
        return versions
    names = [run.name for run in runs]
    return names if len(set(names)) == len(names) else [str(run.folder) for run in runs]


def _is_results_folder(path: Path) -> bool:
    return path.is_dir() and any((path / mark).exists() for mark in _MARKS_OF_RESULTS)


def _not_pulled(message: str, run: str) -> InvalidInput:
    return InvalidInput(
        message,
        code="not_pulled",
        hint=NextCommand("pull-results", run, "fetches them; then the same command"),
    )
