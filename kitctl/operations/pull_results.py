"""`pull-results`: fetch a run's outputs, each checked and written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kitctl.config import Config
from kitctl.domain.results import run_report
from kitctl.domain.results.error_line import ErrorLineReader
from kitctl.domain.results.files import (
    LARGEST_MANIFEST_BYTES,
    MANIFEST,
    ExpectedFile,
    ManifestEntry,
    RefusedName,
    check_names,
    parse_manifest,
)
from kitctl.domain.runs.counts import counted
from kitctl.errors import InvalidInput, KitError, NetworkFailed, NextCommand
from kitctl.operations.prefetch import prefetch
from kitctl.operations.pulling.disk_errors import translate_disk_errors
from kitctl.operations.pulling.fetch_files import (
    UNWRITABLE,
    USUAL_TRIES,
    FailedFile,
    FileFetcher,
    FileUrls,
    PulledFile,
)
from kitctl.operations.pulling.pull_result import PullResult
from kitctl.operations.pulling.run_listing import RunListing, is_selected, list_sizes
from kitctl.operations.results.run_summary import read_summary
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.require_ended import require_ended
from kitctl.operations.watching.run_status import RunStatus
from kitctl.ports import (
    Downloader,
    FileContent,
    Kaggle,
    Ledger,
    LogLine,
    Reporter,
    ResultsFolder,
)

# No name of a run's file: where the log is downloaded to.
LOG_PART = "/log"


@dataclass(frozen=True, kw_only=True)
class PullOptions:
    """How to pull: files that match `only` ("": all), `jobs` at once, `tries` without progress.

    `refetch` fetches files that are here, too.
    """

    only: str = ""
    jobs: int = Config.jobs
    refetch: bool = False
    tries: int = USUAL_TRIES


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

    Raises Refused while the run has not ended, InvalidInput where the folder cannot be written or
    no file matches `only`.
    """
    # All three are requested at once: the time goes into waiting for Kaggle's answers.
    with (
        prefetch(lambda: list(kaggle.outputs(target.ref))) as outputs,
        prefetch(lambda: list_sizes(target.ref, kaggle, reporter)) as sizes,
    ):
        waits = NextCommand("pull-results", "RUN --wait", run=str(target.ref))
        outcome = "its outputs come when it has"
        status = require_ended(target, kaggle, ledger, outcome, waits)
        with reporter.progress("Listing the files"):
            urls = FileUrls(outputs(), lambda: kaggle.outputs(target.ref))
            run = RunListing(f"{kaggle.service} {target.ref}", urls.names, sizes())
    run.require_match(options.only)
    error = ErrorLineReader()
    lines = error.reading(kaggle.log(target.ref), lambda line: (line.stream, line.text))
    with (
        translate_disk_errors(folder.root),
        folder.exclusive(lambda: _report_waiting(folder, reporter)),
        prefetch(lambda: _save_log(lines, folder.part_path(LOG_PART))) as log,
    ):
        pull = _Pull(status, run, urls, downloads, folder, options, reporter)
        result = pull.run(log)
    if status.status.failed:
        result = replace(result, status=replace(status, error_line=error.line))
    if target.record is not None:
        ledger.update_facts(target.record.id, run_report.facts(result.summary.report))
        if not result.failed and not options.only:
            size = sum(file.bytes for file in result.files)
            ledger.record_pull(
                target.record.id, kaggle.now(), str(folder.root), len(result.files), size
            )
    return result


def _save_log(lines: Iterable[LogLine], part: Path) -> FileContent:
    """Write a log to a part file, line by line: it may be longer than memory."""
    digest, size = hashlib.sha256(), 0
    with part.open("wb") as file:
        for line in lines:
            data = f"{line.text}\n".encode("utf-8", "replace")
            file.write(data)
            digest.update(data)
            size += len(data)
    return FileContent(size, digest.hexdigest())


class _Pull:
    def __init__(
        self,
        status: RunStatus,
        run: RunListing,
        urls: FileUrls,
        downloads: Downloader,
        folder: ResultsFolder,
        options: PullOptions,
        reporter: Reporter,
    ) -> None:
        self._status, self._run, self._folder = status, run, folder
        self._options, self._reporter = options, reporter
        self._fetcher = FileFetcher(
            urls, downloads, folder, refetch=options.refetch, tries=options.tries
        )
        self._selects = partial(is_selected, options.only)
        self._names, self._refused = check_names(
            run.names, is_case_sensitive=folder.is_case_sensitive()
        )

    def run(self, log: Callable[[], FileContent]) -> PullResult:
        """Fetch the files; `log` waits for the log and returns its content."""
        manifest, entries, failed = self._fetch_manifest(log)
        names = [name for name in self._names if name != MANIFEST and self._selects(name)]
        expected = {name: self._run.expected(name, (entries or {}).get(name)) for name in names}
        selected = {name: each for name, each in expected.items() if self._is_fetched(each)}
        self._check_space(selected)
        total = sum(expected.bytes or 0 for expected in selected.values()) or None
        with self._reporter.progress(
            f"Pulling {self._status.ref}: {counted(len(selected), 'file')}",
            total=total,
            unit="bytes",
        ) as bar:
            fetched, not_fetched = self._fetcher.fetch_all(selected, self._options.jobs, bar)
        failed += [*not_fetched, *self._place_log(log)]
        unlisted = (entries or {}).keys() - self._run.names
        unwritable = [file for file in failed if file.error.code in UNWRITABLE]

        def is_here(name: str) -> bool:
            """Return whether it is this run's, fetched now or before."""
            expected = self._run.expected(name, (entries or {}).get(name))
            return name in self._names and self._folder.existing(name, expected) is not None

        return PullResult(
            status=self._status,
            out=self._folder.root,
            files=(*manifest, *fetched),
            failed=tuple(file for file in failed if file not in unwritable),
            refused=(
                *(name for name in self._refused if self._selects(name.path)),
                *(RefusedName(file.path, file.error.message) for file in unwritable),
            ),
            missing=tuple(path for path in sorted(unlisted) if self._selects(path)),
            on_request=tuple(
                each.entry
                for each in expected.values()
                if each.entry and not self._is_fetched(each)
            ),
            moved=tuple(self._folder.moved),
            has_manifest=entries is not None,
            log=self._folder.root / self._run.log_name,
            summary=read_summary(self._folder, is_here),
        )

    def _is_fetched(self, expected: ExpectedFile) -> bool:
        """Return whether a selected file comes: one on request only where files are chosen."""
        return bool(self._options.only) or not (expected.entry and expected.entry.on_request)

    def _fetch_manifest(
        self, log: Callable[[], FileContent]
    ) -> tuple[list[PulledFile], dict[str, ManifestEntry] | None, list[FailedFile]]:
        """Fetch the manifest, which says what the files must be, and make the folder this run's.

        It is always fetched anew: one that is here may be another run's.
        """
        part, content, failed = self._folder.part_path(MANIFEST), None, []
        if MANIFEST in self._names:
            part.unlink(missing_ok=True)
            try:
                content = self._fetcher.download(MANIFEST, self._run.expected(MANIFEST, None))
            except NetworkFailed as error:
                failed.append(FailedFile(MANIFEST, error))
        sha256 = content.sha256 if content else ""
        self._folder.claim(self._run.identity(sha256, lambda: log().sha256))
        if content is None:
            return [], None, failed
        with part.open("rb") as file:
            entries = parse_manifest(file.read(LARGEST_MANIFEST_BYTES + 1))
        return [self._place_manifest(content, part)], entries, failed

    def _place_manifest(self, content: FileContent, part: Path) -> PulledFile:
        expected = ExpectedFile(ManifestEntry(MANIFEST, content.bytes, content.sha256))
        is_here = not self._options.refetch and self._folder.existing(MANIFEST, expected)
        if is_here:
            part.unlink()
        else:
            self._folder.place(MANIFEST, content, part)
        state = "kept" if is_here else "fetched"
        return PulledFile(MANIFEST, content.bytes, content.sha256, state, verified=False)

    def _check_space(self, files: Mapping[str, ExpectedFile]) -> None:
        """Refuse before a long download rather than at its end."""
        needed = sum(
            expected.bytes - _size(self._folder.part_path(name))
            for name, expected in files.items()
            if expected.bytes and not os.path.lexists(self._folder.root / name)
        )
        free = shutil.disk_usage(self._folder.root).free
        if needed > free:
            raise InvalidInput(
                f"The results need {needed / 1e6:,.0f} MB, but the disk of {self._folder.root} has"
                f" {free / 1e6:,.0f} MB left; nothing was fetched.",
                code="disk_full",
                hint="Free some space, choose files with --only, or another disk with --out.",
            )

    def _place_log(self, log: Callable[[], FileContent]) -> list[FailedFile]:
        try:
            content = log()
            self._folder.place(self._run.log_name, content, self._folder.part_path(LOG_PART))
        except KitError as error:
            return [FailedFile(self._run.log_name, error)]
        return []


def _report_waiting(folder: ResultsFolder, reporter: Reporter) -> None:
    reporter.info(f"Another kitctl is pulling into {folder.root}; waiting for it …")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
