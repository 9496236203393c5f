"""Bringing a run's outputs home: all of them, checked, each whole or not at all."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from kitctl.config import Config
from kitctl.domain import run_report
from kitctl.domain.results import MANIFEST, ManifestEntry, RefusedName, check_names, manifest
from kitctl.errors import InvalidInput, KitError, NetworkFailed, NextCommand, Refused
from kitctl.operations.shared.fetch_files import Addresses, Failed, Fetch, File
from kitctl.operations.shared.find_run import TargetRun
from kitctl.operations.shared.prefetch import prefetch
from kitctl.operations.shared.reporter import Reporter
from kitctl.operations.status import RunStatus, read_status
from kitctl.ports import Downloader, Kaggle, Ledger, LogLine, ResultsFolder

LOG, HISTORY = "log.txt", "history.csv"

# Where the log goes when the run has left a file of that name itself.
OTHER_LOG = "log.kaggle.txt"


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What to fetch: files that match `only` ("": all), `jobs` at once, `anew` what is here too."""

    only: str = ""
    jobs: int = Config.jobs
    anew: bool = False


@dataclass(frozen=True, kw_only=True)
class PullResult:
    """What is here now of a run, and what it says of itself."""

    status: RunStatus
    out: Path
    files: tuple[File, ...]
    failed: tuple[Failed, ...]
    refused: tuple[RefusedName, ...]
    missing: tuple[str, ...]
    foreign_files: tuple[str, ...]  # Files of another run's that lie here too.
    has_manifest: bool
    log: Path
    metrics: Mapping[str, Any]
    history: Mapping[str, list[float]]
    report: Mapping[str, Any]

    @property
    def verified(self) -> bool:
        """Whether every file was checked against the run's own manifest, and none is missing."""
        checked = all(file.verified for file in self.files if file.path != MANIFEST)
        return self.has_manifest and checked and not (self.failed or self.missing)

    @property
    def plots(self) -> tuple[Path, ...]:
        return tuple(self.out / file.path for file in self.files if file.path.endswith(".png"))

    @property
    def tables(self) -> tuple[Path, ...]:
        """All but the history, which is read out."""
        paths = (file.path for file in self.files if file.path.endswith(".csv"))
        return tuple(self.out / path for path in paths if path != HISTORY)

    @property
    def failure(self) -> KitError | None:
        """What it means for the exit code."""
        if self.failed:
            first = self.failed[0].error
            return NetworkFailed(
                f"{len(self.failed)} of {len(self.failed) + len(self.files)} files did not come:"
                f" {first.message} What came is kept.",
                code=first.code,
                hint=first.hint
                or NextCommand("pull-results", f"{self.status.ref.version}", "goes on"),
            )
        failure = self.status.failure
        if failure is None:
            return None
        kind = type(failure)
        return kind(f"{failure.message} What it left is in {self.out}.", hint=f"less {self.log}")

    def as_data(self) -> dict[str, Any]:
        return {
            "run": str(self.status.ref),
            "version": self.status.ref.version,
            "status": self.status.status,
            "failure_message": self.status.failure_message or None,
            "out": self.out,
            "files": [
                {
                    "path": file.path,
                    "bytes": file.bytes,
                    "sha256": file.sha256,
                    "state": file.state,
                }
                for file in self.files
            ],
            "verified": self.verified,
            "refused": self.refused,
            "failed": [
                {"path": one.path, "code": one.error.code, "message": one.error.message}
                for one in self.failed
            ],
            "missing": self.missing,
            "strangers": self.foreign_files,
            "log": self.log,
            "plots": self.plots,
            "tables": self.tables,
            "metrics": self.metrics,
        }


def pull_results(
    found: TargetRun,
    kaggle: Kaggle,
    ledger: Ledger,
    downloads: Downloader,
    folder: ResultsFolder,
    selection: Selection,
    reporter: Reporter,
) -> PullResult:
    """Fetches what an ended run left, checks it by the run's manifest, and reads it.

    Raises Refused while the run has not ended.
    """
    # Asked all at once: Kaggle's answers are what there is to wait for.
    with (
        prefetch(lambda: list(kaggle.outputs(found.ref))) as listed,
        prefetch(lambda: kaggle.log(found.ref)) as log,
    ):
        status = _ended(found, kaggle, ledger)
        with reporter.progress("Listing the files"):
            files = listed()
        with (
            _disk_errors_told(folder.root),
            folder.exclusive(lambda: _say_waiting(folder, reporter)),
        ):
            earlier = folder.claim(_identity(found, kaggle.service))
            addresses = Addresses(files, lambda: kaggle.outputs(found.ref))
            pull = _Pull(status, addresses, downloads, folder, selection, reporter)
            pulled = pull.run(log, earlier)
    if found.record is not None:
        ledger.update_facts(found.record.id, run_report.facts(pulled.report))
        if not pulled.failed and not selection.only:
            size = sum(file.bytes for file in pulled.files)
            ledger.record_pull(
                found.record.id, kaggle.now(), str(folder.root), len(pulled.files), size
            )
    return pulled


def _identity(found: TargetRun, service: str) -> str:
    """Tells the run from others of its name: on another Kaggle, or on this one before a reset."""
    return f"{service} {found.ref} {found.record.intent.written_at if found.record else ''}"


def _ended(found: TargetRun, kaggle: Kaggle, ledger: Ledger) -> RunStatus:
    """The run's status; raises Refused while it has not ended."""
    status = read_status(found, kaggle, ledger)
    if not status.status.ended:
        raise Refused(
            f"{found.ref} has not ended ({status.status.lower()}); its outputs come when it has.",
            code="run_under_way",
            hint=NextCommand("pull-results", f"{found.ref.version} --wait"),
        )
    return status


class _Pull:
    def __init__(
        self,
        status: RunStatus,
        addresses: Addresses,
        downloads: Downloader,
        folder: ResultsFolder,
        selection: Selection,
        reporter: Reporter,
    ) -> None:
        self._status, self._addresses, self._folder = status, addresses, folder
        self._selection, self._reporter = selection, reporter
        self._fetch = Fetch(addresses, downloads, folder, anew=selection.anew)

    def run(self, log: Callable[[], Iterable[LogLine]], earlier: Iterable[str]) -> PullResult:
        """Fetches; `earlier`: what another run has left here."""
        names, refused = check_names(self._addresses.names)
        files: list[File] = []
        said: dict[str, ManifestEntry] | None = None
        if MANIFEST in names:
            # First, since it says what the others must be.
            files.append(self._fetch.one(MANIFEST, None))
            said = manifest(self._folder.read(MANIFEST) or b"")
        promises = said or {}
        wanted = {
            name: promises.get(name)
            for name in names
            if name != MANIFEST and self._is_selected(name)
        }
        self._check_space(wanted)
        total = sum(promise.bytes for promise in wanted.values() if promise) or None
        with self._reporter.progress(
            f"Pulling {self._status.ref}: {len(wanted)} files", total=total, unit="bytes"
        ) as bar:
            came, failed = self._fetch.all(wanted, self._selection.jobs, bar)

        def read(name: str) -> bytes | None:
            """A file of this run's, fetched now or before."""
            is_here = name in names and self._folder.existing(name, promises.get(name))
            return self._folder.read(name) if is_here else None

        bent = [one for one in failed if one.error.code == "symlink"]
        return PullResult(
            status=self._status,
            out=self._folder.root,
            files=(*files, *came),
            failed=tuple(one for one in failed if one not in bent),
            refused=(*refused, *(RefusedName(one.path, one.error.message) for one in bent)),
            missing=tuple(
                path
                for path in promises
                if path not in self._addresses.names and self._is_selected(path)
            ),
            foreign_files=tuple(name for name in earlier if name not in names),
            has_manifest=said is not None,
            log=self._save_log(names, log()),
            metrics=run_report.metrics(read("metrics.json")),
            history=run_report.history(read(HISTORY)),
            report=run_report.read_object(read("run.json")),
        )

    def _is_selected(self, name: str) -> bool:
        return not self._selection.only or fnmatchcase(name, self._selection.only)

    def _check_space(self, wanted: Mapping[str, ManifestEntry | None]) -> None:
        """Better told before a long download than at its end."""
        needed = sum(
            promise.bytes - _size(self._folder.part_path(name))
            for name, promise in wanted.items()
            if promise and not (self._folder.root / name).exists()
        )
        free = shutil.disk_usage(self._folder.root).free
        if needed > free:
            raise InvalidInput(
                f"The results need {needed / 1e6:,.0f} MB, but the disk of {self._folder.root} has"
                f" {free / 1e6:,.0f} MB left; nothing was fetched.",
                code="disk_full",
                hint="Free some space, choose files with --only, or another disk with --out.",
            )

    def _save_log(self, names: list[str], lines: Iterable[LogLine]) -> Path:
        name = OTHER_LOG if LOG in names else LOG
        text = "".join(f"{line.text}\n" for line in lines)
        self._folder.write(name, text.encode("utf-8", "replace"))
        return self._folder.root / name


@contextmanager
def _disk_errors_told(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES}:
            raise
        raise InvalidInput(
            f"{root} cannot be written: {error.strerror}. What came so far is kept.",
            code="disk_full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "unwritable",
            hint="Mend that, then the same command goes on where it stopped.",
        ) from None


def _say_waiting(folder: ResultsFolder, reporter: Reporter) -> None:
    reporter.info(f"Another kitctl is pulling into {folder.root}; waiting for it …")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
