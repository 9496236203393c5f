"""Many files at once: fetched, taken up again, checked, put in their place."""

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

# Fruitless tries of one file before it is given up; a try that brought bytes does not count.
TRIES = 5
LONGEST_PAUSE_SECONDS = 15.0

# How often the progress bar is drawn.
DRAW_SECONDS = 0.1


@dataclass(frozen=True)
class File:
    """A file that is here now: "fetched" just now, or "kept" from before."""

    path: str
    bytes: int
    sha256: str
    state: str
    verified: bool


@dataclass(frozen=True)
class Failed:
    """A file that did not come."""

    path: str
    error: KitError


class Addresses:
    """Where the files are; `list_anew` is asked, for all at once, when one has expired."""

    def __init__(
        self, files: Iterable[OutputFile], list_anew: Callable[[], Iterable[OutputFile]]
    ) -> None:
        self._urls = {file.name: file.url for file in files}
        self._list_anew = list_anew
        self._lock = threading.Lock()

    @property
    def names(self) -> list[str]:
        return list(self._urls)

    def get(self, name: str, stale: str = "") -> OutputFile:
        """The file's address, another one than `stale`."""
        with self._lock:
            if self._urls[name] == stale:
                self._urls |= {file.name: file.url for file in self._list_anew()}
            return OutputFile(name, self._urls[name])


class Fetch:
    """Fetches files of one run into its folder."""

    def __init__(
        self, addresses: Addresses, downloads: Downloader, folder: ResultsFolder, *, anew: bool
    ) -> None:
        self._addresses, self._downloads, self._folder = addresses, downloads, folder
        self._anew = anew
        self._stopped = threading.Event()
        self._came: dict[str, int] = {}

    @property
    def bytes_here(self) -> int:
        """How much is here, of all files that were asked for."""
        return sum(list(self._came.values()))

    def one(self, name: str, promise: ManifestEntry | None) -> File:
        """Fetches a file unless it is here.

        Raises NetworkFailed when it does not come, InvalidInput where it cannot be written.
        """
        held = None if self._anew else self._folder.existing(name, promise)
        if held is not None:
            self._came[name] = held.bytes
            return File(name, held.bytes, held.sha256, "kept", promise is not None)
        content = self._persistently(name, promise)
        self._folder.place(name, content)
        return File(name, content.bytes, content.sha256, "fetched", promise is not None)

    def all(
        self, wanted: Mapping[str, ManifestEntry | None], jobs: int, bar: ProgressBar
    ) -> tuple[list[File], list[Failed]]:
        """Fetches several at once, the largest first; one that fails does not end the others."""
        order = sorted(wanted.items(), key=lambda item: -(item[1].bytes if item[1] else 0))
        came: dict[str, File] = {}
        failed: list[Failed] = []
        with ThreadPoolExecutor(jobs, "pull") as pool:
            try:
                running = {pool.submit(self.one, name, promise): name for name, promise in order}
                while running:
                    done, _ = wait(running, DRAW_SECONDS, FIRST_EXCEPTION)
                    bar.update(completed=self.bytes_here)
                    for future in done:
                        _sort(future, running.pop(future), came, failed)
            except BaseException:
                self._stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return [came[name] for name in wanted if name in came], failed

    def _persistently(self, name: str, promise: ManifestEntry | None) -> FileContent:
        file = self._addresses.get(name)
        fruitless = 0
        while True:
            reached = self._came.get(name, 0)
            try:
                return self._once(file, promise)
            except (UrlExpired, DownloadInterrupted) as error:
                fruitless = 0 if self._came.get(name, 0) > reached else fruitless + 1
                if fruitless >= TRIES:
                    raise
                if isinstance(error, UrlExpired):
                    file = self._addresses.get(name, stale=file.url)
                elif error.start_over:
                    self._folder.part_path(name).unlink(missing_ok=True)
                if fruitless and self._stopped.wait(_pause(error, fruitless)):
                    raise

    def _once(self, file: OutputFile, promise: ManifestEntry | None) -> FileContent:
        came = 0

        def count(more: int) -> None:
            nonlocal came
            if self._stopped.is_set():
                raise _Stopped
            came += more
            self._came[file.name] = came

        algorithm = promise.algorithm if promise else "sha256"
        part = self._folder.part_path(file.name)
        received = self._downloads.fetch(file, part, algorithm, count)
        if promise is None:
            return FileContent(received.bytes, received.digest)
        if not promise.matches(received):
            # What came before may have been another's; a whole fetch decides.
            self._came[file.name] = 0
            raise DownloadInterrupted(
                f"{file.name} is not what the run's manifest promises.", start_over=True
            )
        return FileContent(promise.bytes, promise.sha256)


class _Stopped(Exception):
    """Ctrl-C, or another failure that ends the whole pull."""


def _sort(future: Future[File], name: str, came: dict[str, File], failed: list[Failed]) -> None:
    try:
        came[name] = future.result()
    except (NetworkFailed, InvalidInput) as error:
        failed.append(Failed(name, error))


def _pause(error: KitError, fruitless: int) -> float:
    asked = getattr(error, "retry_after", None) or ""
    pause = float(asked) if asked.isdecimal() else 0.25 * 2**fruitless
    return min(LONGEST_PAUSE_SECONDS, pause)
