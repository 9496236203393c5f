"""Fetch many files at once: each resumed, checked and moved to its place."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from kitctl.domain.results.files import DownloadedFile, ExpectedFile
from kitctl.errors import InvalidInput, KitError, NetworkFailed
from kitctl.ports import (
    Downloader,
    DownloadInterrupted,
    FileContent,
    OutputFile,
    ProgressBar,
    ResultsFolder,
    UrlExpired,
)

LONGEST_PAUSE_SECONDS = 15.0

# A file is downloaded no more than this often in all; a short one somewhat more often.
MAX_DOWNLOADS = 5
SMALL_BYTES = 1 << 20

# After so many failed files in a row each file is tried only once.
MAX_FAILED_IN_A_ROW = 16

# Lists in which an expired URL was the same again.
MAX_USELESS_LISTS = 3

UNWRITABLE_NAME = "unwritable_name"
UNWRITABLE = frozenset({UNWRITABLE_NAME, "symlink"})
"""The codes of files whose names cannot be written here."""

# Errors that the next file would have, too.
DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO})

# Requests in a row for one file that bring nothing new.
USUAL_TRIES = 5

# How often the progress bar is redrawn.
REDRAW_SECONDS = 0.1


@dataclass(frozen=True)
class PulledFile:
    """A file that is here now: `state` is "fetched" in this call, or "kept" from an earlier one."""

    path: str
    bytes: int
    sha256: str
    state: str
    verified: bool


@dataclass(frozen=True)
class FailedFile:
    """A file that could not be fetched."""

    path: str
    error: KitError


class FileUrls:
    """The signed URLs of the files; `list_again` renews all of them once one has expired."""

    def __init__(
        self, files: Iterable[OutputFile], list_again: Callable[[], Iterable[OutputFile]]
    ) -> None:
        self._urls = {file.name: file.url for file in files}
        self._list_again = list_again
        self._useless_lists = 0
        self._lock = threading.Lock()

    @property
    def names(self) -> list[str]:
        return list(self._urls)

    def get(self, name: str, expired: str = "") -> OutputFile:
        """Return the file with its URL: another one than `expired`, where Kaggle gives one."""
        with self._lock:
            if self._urls[name] == expired and self._useless_lists < MAX_USELESS_LISTS:
                self._urls |= {file.name: file.url for file in self._list_again()}
                self._useless_lists += self._urls[name] == expired
            return OutputFile(name, self._urls[name])


class FileFetcher:
    """Fetches files of one run into its folder.

    `refetch` fetches files that are here, too. A file is given up after `tries` tries in a row that
    bring nothing new of it.
    """

    def __init__(
        self,
        urls: FileUrls,
        downloads: Downloader,
        folder: ResultsFolder,
        *,
        refetch: bool,
        tries: int,
    ) -> None:
        self._urls, self._downloads, self._folder = urls, downloads, folder
        self._refetch, self._tries = refetch, tries
        self._stopped = threading.Event()
        self._bytes_by_name: dict[str, int] = {}
        self._files_failed_in_a_row = 0

    def fetch(self, name: str, expected: ExpectedFile) -> PulledFile:
        """Fetch one file unless it is here already.

        Raises NetworkFailed where it cannot be fetched, InvalidInput where it cannot be written.
        """
        is_verified = expected.entry is not None
        existing = None if self._refetch else self._folder.existing(name, expected)
        if existing is not None:
            self._bytes_by_name[name] = existing.bytes
            return PulledFile(name, existing.bytes, existing.sha256, "kept", is_verified)
        content = self.download(name, expected)
        self._folder.place(name, content, self._folder.part_path(name))
        return PulledFile(name, content.bytes, content.sha256, "fetched", is_verified)

    def fetch_all(
        self, files: Mapping[str, ExpectedFile], jobs: int, bar: ProgressBar
    ) -> tuple[list[PulledFile], list[FailedFile]]:
        """Fetch `jobs` files at once, the largest first; one that fails does not end the others."""
        largest_first = sorted(files.items(), key=lambda item: -(item[1].bytes or 0))
        fetched: dict[str, PulledFile] = {}
        failed: list[FailedFile] = []
        with ThreadPoolExecutor(jobs, "pull") as pool:
            try:
                running = {
                    pool.submit(self.fetch, name, expected): name
                    for name, expected in largest_first
                }
                while running:
                    done, _ = wait(running, REDRAW_SECONDS, FIRST_EXCEPTION)
                    bar.update(completed=sum(list(self._bytes_by_name.values())))
                    for future in done:
                        self._collect(future, running.pop(future), fetched, failed)
            except BaseException:
                self._stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return [fetched[name] for name in files if name in fetched], failed

    def download(self, name: str, expected: ExpectedFile) -> FileContent:
        """Download one file into its part, again and again while that brings more of it.

        Raises NetworkFailed where it does not come whole and right.
        """
        file = self._urls.get(name)
        progress = _Progress(self._folder.part_path(name), expected.bytes)
        while True:
            try:
                return self._download_once(file, expected, progress)
            except (UrlExpired, DownloadInterrupted) as error:
                start_over = getattr(error, "start_over", False)
                progress.count_failure(start_over=start_over)
                if progress.is_over(self._patience):
                    raise
                if isinstance(error, UrlExpired):
                    file = self._urls.get(name, expired=file.url)
                elif start_over:
                    progress.part.unlink(missing_ok=True)
                if progress.failures and self._stopped.wait(_pause(error, progress.failures)):
                    raise

    @property
    def _patience(self) -> int:
        """How often a file is tried; where one after the other fails, nothing is to be expected."""
        return self._tries if self._files_failed_in_a_row < MAX_FAILED_IN_A_ROW else 1

    def _download_once(
        self, file: OutputFile, expected: ExpectedFile, progress: _Progress
    ) -> FileContent:
        progress.start()

        def count(more: int) -> None:
            if self._stopped.is_set():
                raise _Stopped
            progress.count(more)
            self._bytes_by_name[file.name] = progress.bytes

        downloaded = self._downloads.fetch(file, progress.part, expected, count)
        if expected.matches(downloaded):
            entry = expected.entry
            sha256 = entry.sha256 if entry else downloaded.digest
            return FileContent(downloaded.bytes, sha256)
        # What was there before may have been another file's part: a whole download decides.
        self._bytes_by_name[file.name] = 0
        message = f"{file.name} is not what the run's manifest promises"
        if progress.is_repeated(downloaded):
            raise NetworkFailed(
                f"{message}: it came twice with the same {downloaded.bytes:,} bytes, which are"
                f" now in {progress.part}.",
                code="wrong_content",
            )
        raise DownloadInterrupted(f"{message}.", code="wrong_content", start_over=True)

    def _collect(
        self,
        future: Future[PulledFile],
        name: str,
        fetched: dict[str, PulledFile],
        failed: list[FailedFile],
    ) -> None:
        try:
            fetched[name] = future.result()
            self._files_failed_in_a_row = 0
        except (NetworkFailed, InvalidInput) as error:
            failed.append(FailedFile(name, error))
            self._files_failed_in_a_row += 1
        except OSError as error:
            if error.errno in DISK_ERRORS:
                raise
            reason = error.strerror or type(error).__name__
            failed.append(FailedFile(name, InvalidInput(reason, code=UNWRITABLE_NAME)))


class _Progress:
    """How far one file is, over all tries: only bytes beyond the furthest place are new.

    `expected_bytes` is the file's size, None where it is not known.
    """

    def __init__(self, part: Path, expected_bytes: int | None) -> None:
        self.part = part
        self.bytes = 0
        self.failures = 0
        self._expected_bytes = expected_bytes
        self._is_resuming = False
        self._furthest = self._downloaded = 0
        self._whole: set[DownloadedFile] = set()

    def start(self) -> None:
        """Begin another try."""
        self.bytes = 0
        self._is_resuming = True

    def count(self, more: int) -> None:
        """Count the bytes of a piece; the first is what was there before."""
        self.bytes += more
        if not self._is_resuming:
            self._downloaded += more
        self._is_resuming = False

    def count_failure(self, *, start_over: bool) -> None:
        """Count the end of a try: a failure, unless it has brought more than all before."""
        is_new = self.bytes > self._furthest and not start_over
        self.failures = 0 if is_new else self.failures + 1
        self._furthest = max(self._furthest, self.bytes)

    def is_over(self, tries: int) -> bool:
        """Return whether another try is of no use, or too much has come already."""
        size = max(self._expected_bytes or self._furthest, SMALL_BYTES)
        return self.failures >= tries or self._downloaded > MAX_DOWNLOADS * size

    def is_repeated(self, file: DownloadedFile) -> bool:
        """Return whether this content came before."""
        is_repeated = file in self._whole
        self._whole.add(file)
        return is_repeated


class _Stopped(Exception):
    """Ctrl-C, or another failure that ends the whole pull."""


def _pause(error: KitError, failures: int) -> float:
    """Return the seconds until the next try: ever longer, or more if the server asks for it."""
    shortest = 0.25 * 2**failures
    requested = getattr(error, "retry_after", None) or 0.0
    return float(min(LONGEST_PAUSE_SECONDS, max(shortest, requested)))
