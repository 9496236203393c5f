"""Fetch many files at once: each resumed, checked and moved to its place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from kitctl.domain.results import ManifestEntry
from kitctl.errors import InvalidInput, KitError, NetworkFailed
from kitctl.operations.shared.reporter import ProgressBar
from kitctl.ports import (
    Downloader,
    DownloadInterrupted,
    FileContent,
    OutputFile,
    ResultsFolder,
    UrlExpired,
)

LONGEST_PAUSE_SECONDS = 15.0

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
        self._lock = threading.Lock()

    @property
    def names(self) -> list[str]:
        return list(self._urls)

    def get(self, name: str, expired: str = "") -> OutputFile:
        """Return the file with its URL, another one than `expired`."""
        with self._lock:
            if self._urls[name] == expired:
                self._urls |= {file.name: file.url for file in self._list_again()}
            return OutputFile(name, self._urls[name])


class FileFetcher:
    """Fetches files of one run into its folder.

    `refetch` fetches files that are here, too. A file is given up after `tries` tries in a row that
    bring no bytes.
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

    def fetch(self, name: str, expected: ManifestEntry | None) -> PulledFile:
        """Fetch one file unless it is here already.

        Raises NetworkFailed where it cannot be fetched, InvalidInput where it cannot be written.
        """
        existing = None if self._refetch else self._folder.existing(name, expected)
        if existing is not None:
            self._bytes_by_name[name] = existing.bytes
            return PulledFile(name, existing.bytes, existing.sha256, "kept", expected is not None)
        content = self._fetch_with_retries(name, expected)
        self._folder.place(name, content)
        return PulledFile(name, content.bytes, content.sha256, "fetched", expected is not None)

    def fetch_all(
        self, files: Mapping[str, ManifestEntry | None], jobs: int, bar: ProgressBar
    ) -> tuple[list[PulledFile], list[FailedFile]]:
        """Fetch `jobs` files at once, the largest first; one that fails does not end the others."""
        largest_first = sorted(files.items(), key=lambda item: -(item[1].bytes if item[1] else 0))
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
                        _collect(future, running.pop(future), fetched, failed)
            except BaseException:
                self._stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return [fetched[name] for name in files if name in fetched], failed

    def _fetch_with_retries(self, name: str, expected: ManifestEntry | None) -> FileContent:
        file = self._urls.get(name)
        failures = 0
        while True:
            before = self._bytes_by_name.get(name, 0)
            try:
                return self._fetch_once(file, expected)
            except (UrlExpired, DownloadInterrupted) as error:
                failures = 0 if self._bytes_by_name.get(name, 0) > before else failures + 1
                if failures >= self._tries:
                    raise
                if isinstance(error, UrlExpired):
                    file = self._urls.get(name, expired=file.url)
                elif error.start_over:
                    self._folder.part_path(name).unlink(missing_ok=True)
                if failures and self._stopped.wait(_pause(error, failures)):
                    raise

    def _fetch_once(self, file: OutputFile, expected: ManifestEntry | None) -> FileContent:
        total = 0

        def count(more: int) -> None:
            nonlocal total
            if self._stopped.is_set():
                raise _Stopped
            total += more
            self._bytes_by_name[file.name] = total

        algorithm = expected.algorithm if expected else "sha256"
        part = self._folder.part_path(file.name)
        downloaded = self._downloads.fetch(file, part, algorithm, count)
        if expected is None:
            return FileContent(downloaded.bytes, downloaded.digest)
        if not expected.matches(downloaded):
            # The part that was there before may have been another file's; a whole fetch decides.
            self._bytes_by_name[file.name] = 0
            raise DownloadInterrupted(
                f"{file.name} is not what the run's manifest promises.", start_over=True
            )
        return FileContent(expected.bytes, expected.sha256)


class _Stopped(Exception):
    """Ctrl-C, or another failure that ends the whole pull."""


def _collect(
    future: Future[PulledFile],
    name: str,
    fetched: dict[str, PulledFile],
    failed: list[FailedFile],
) -> None:
    try:
        fetched[name] = future.result()
    except (NetworkFailed, InvalidInput) as error:
        failed.append(FailedFile(name, error))


def _pause(error: KitError, failures: int) -> float:
    """Return the seconds until the next try: what the server asked for, else ever longer."""
    retry_after = getattr(error, "retry_after", None) or ""
    pause = float(retry_after) if retry_after.isdecimal() else 0.25 * 2**failures
    return min(LONGEST_PAUSE_SECONDS, pause)
