"""`pull-results`: fetch a run's outputs, each checked and written whole or not at all."""

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
from kitctl.domain.results import MANIFEST, ManifestEntry, RefusedName, check_names, parse_manifest
from kitctl.errors import InvalidInput, KitError, NetworkFailed, NextCommand, Refused
from kitctl.operations.shared.fetch_files import FailedFile, FileFetcher, FileUrls, PulledFile
from kitctl.operations.shared.find_run import TargetRun
from kitctl.operations.shared.prefetch import prefetch
from kitctl.operations.shared.reporter import Reporter
from kitctl.operations.shared.run_status import RunStatus, read_status
from kitctl.ports import Downloader, Kaggle, Ledger, LogLine, ResultsFolder

LOG, HISTORY = "log.txt", "history.csv"

# The log's name where the run itself has left a file called log.txt.
OTHER_LOG = "log.kaggle.txt"


@dataclass(frozen=True, kw_only=True)
class PullOptions:
    """How to pull: files that match `only` ("": all), `jobs` at once, `tries` without progress.

    `refetch` fetches files that are here, too.
    """

    only: str = ""
    jobs: int = Config.jobs
    refetch: bool = False
    tries: int = 5

    def selects(self, name: str) -> bool:
        """Return whether the file is to be fetched."""
        return not self.only or fnmatchcase(name, self.only)


@dataclass(frozen=True, kw_only=True)
class PullResult:
    """What is here now of a run, and what the run reports of itself."""

    status: RunStatus
    out: Path
    files: tuple[PulledFile, ...]
    failed: tuple[FailedFile, ...]
    refused: tuple[RefusedName, ...]
    missing: tuple[str, ...]
    foreign_files: tuple[str, ...]  # Files of another run that lie here, too.
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
        """The tables other than the history, which is shown itself."""
        paths = (file.path for file in self.files if file.path.endswith(".csv"))
        return tuple(self.out / path for path in paths if path != HISTORY)

    @property
    def failure(self) -> KitError | None:
        """The error that the command exits with."""
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
                {"path": file.path, "code": file.error.code, "message": file.error.message}
                for file in self.failed
            ],
            "missing": self.missing,
            "strangers": self.foreign_files,
            "log": self.log,
            "plots": self.plots,
            "tables": self.tables,
            "metrics": self.metrics,
        }


def pull_results(
    target: TargetRun,
    kaggle: Kaggle,
    ledger: Ledger,
    downloads: Downloader,
    folder: ResultsFolder,
    options: PullOptions,
    reporter: Reporter,
) -> PullResult:
    """Fetch the outputs of an ended run, check them against the run's manifest, and read them.

    Raises Refused while the run has not ended, InvalidInput where the folder cannot be written.
    """
    # All three are requested at once: the time goes into waiting for Kaggle's answers.
    with (
        prefetch(lambda: list(kaggle.outputs(target.ref))) as listed,
        prefetch(lambda: kaggle.log(target.ref)) as log,
    ):
        status = _require_ended(target, kaggle, ledger)
        with reporter.progress("Listing the files"):
            files = listed()
        with (
            _translate_disk_errors(folder.root),
            folder.exclusive(lambda: _report_waiting(folder, reporter)),
        ):
            foreign_files = folder.claim(_identity(target, kaggle.service))
            urls = FileUrls(files, lambda: kaggle.outputs(target.ref))
            pull = _Pull(status, urls, downloads, folder, options, reporter)
            result = pull.run(log, foreign_files)
    if target.record is not None:
        ledger.update_facts(target.record.id, run_report.facts(result.report))
        if not result.failed and not options.only:
            size = sum(file.bytes for file in result.files)
            ledger.record_pull(
                target.record.id, kaggle.now(), str(folder.root), len(result.files), size
            )
    return result


def _identity(target: TargetRun, service: str) -> str:
    """Tell the run from others of its name: at another service, or at this one before a reset."""
    written_at = target.record.intent.written_at if target.record else ""
    return f"{service} {target.ref} {written_at}"


def _require_ended(target: TargetRun, kaggle: Kaggle, ledger: Ledger) -> RunStatus:
    status = read_status(target, kaggle, ledger)
    if not status.status.ended:
        raise Refused(
            f"{target.ref} has not ended ({status.status.label}); its outputs come when it has.",
            code="run_under_way",
            hint=NextCommand("pull-results", f"{target.ref.version} --wait"),
        )
    return status


class _Pull:
    def __init__(
        self,
        status: RunStatus,
        urls: FileUrls,
        downloads: Downloader,
        folder: ResultsFolder,
        options: PullOptions,
        reporter: Reporter,
    ) -> None:
        self._status, self._urls, self._folder = status, urls, folder
        self._options, self._reporter = options, reporter
        self._fetcher = FileFetcher(
            urls, downloads, folder, refetch=options.refetch, tries=options.tries
        )

    def run(self, log: Callable[[], Iterable[LogLine]], foreign: Iterable[str]) -> PullResult:
        """Fetch the files; `foreign` are those that another run has left here."""
        names, refused = check_names(self._urls.names)
        files: list[PulledFile] = []
        manifest: dict[str, ManifestEntry] | None = None
        if MANIFEST in names:
            # First, since it says what the others must be.
            files.append(self._fetcher.fetch(MANIFEST, None))
            manifest = parse_manifest(self._folder.read(MANIFEST) or b"")
        entries = manifest or {}
        selected = {
            name: entries.get(name)
            for name in names
            if name != MANIFEST and self._options.selects(name)
        }
        self._check_space(selected)
        total = sum(entry.bytes for entry in selected.values() if entry) or None
        with self._reporter.progress(
            f"Pulling {self._status.ref}: {len(selected)} files", total=total, unit="bytes"
        ) as bar:
            fetched, failed = self._fetcher.fetch_all(selected, self._options.jobs, bar)

        def read(name: str) -> bytes | None:
            """Return a file of this run's, fetched now or before."""
            is_here = name in names and self._folder.existing(name, entries.get(name))
            return self._folder.read(name) if is_here else None

        behind_links = [file for file in failed if file.error.code == "symlink"]
        return PullResult(
            status=self._status,
            out=self._folder.root,
            files=(*files, *fetched),
            failed=tuple(file for file in failed if file not in behind_links),
            refused=(
                *refused,
                *(RefusedName(file.path, file.error.message) for file in behind_links),
            ),
            missing=tuple(
                path
                for path in entries
                if path not in self._urls.names and self._options.selects(path)
            ),
            foreign_files=tuple(name for name in foreign if name not in names),
            has_manifest=manifest is not None,
            log=self._write_log(names, log()),
            metrics=run_report.metrics(read("metrics.json")),
            history=run_report.history(read(HISTORY)),
            report=run_report.read_object(read("run.json")),
        )

    def _check_space(self, files: Mapping[str, ManifestEntry | None]) -> None:
        """Refuse before a long download rather than at its end."""
        needed = sum(
            entry.bytes - _size(self._folder.part_path(name))
            for name, entry in files.items()
            if entry and not (self._folder.root / name).exists()
        )
        free = shutil.disk_usage(self._folder.root).free
        if needed > free:
            raise InvalidInput(
                f"The results need {needed / 1e6:,.0f} MB, but the disk of {self._folder.root} has"
                f" {free / 1e6:,.0f} MB left; nothing was fetched.",
                code="disk_full",
                hint="Free some space, choose files with --only, or another disk with --out.",
            )

    def _write_log(self, names: list[str], lines: Iterable[LogLine]) -> Path:
        name = OTHER_LOG if LOG in names else LOG
        text = "".join(f"{line.text}\n" for line in lines)
        self._folder.write(name, text.encode("utf-8", "replace"))
        return self._folder.root / name


@contextmanager
def _translate_disk_errors(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES}:
            raise
        raise InvalidInput(
            f"{root} cannot be written: {error.strerror}. What came so far is kept.",
            code="disk_full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "unwritable",
            hint="Fix that, then the same command goes on where it stopped.",
        ) from None


def _report_waiting(folder: ResultsFolder, reporter: Reporter) -> None:
    reporter.info(f"Another kitctl is pulling into {folder.root}; waiting for it …")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
