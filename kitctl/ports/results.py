"""The ports for pulling: the downloader, and the folder of one run's results."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kitctl.errors import NetworkFailed

if TYPE_CHECKING:
    from kitctl.domain.results import Algorithm, DownloadedFile, ManifestEntry
    from kitctl.ports.kaggle import OutputFile


@dataclass(frozen=True)
class FileContent:
    """The content of a file that is here: its size and its hash."""

    bytes: int
    sha256: str


class DownloadInterrupted(NetworkFailed):
    """A file did not come whole; the next fetch resumes it, or starts over."""

    default_code = "broken_off"

    def __init__(
        self, message: str, *, retry_after: str | None = None, start_over: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.start_over = start_over


class UrlExpired(NetworkFailed):
    """The signed URL is no longer valid; a new one must be requested."""

    default_code = "url_expired"


class Downloader(Protocol):
    """Downloads files; threads may share it."""

    def fetch(
        self, file: OutputFile, part: Path, algorithm: Algorithm, on_bytes: Callable[[int], None]
    ) -> DownloadedFile:
        """Download a file into `part`, resuming an earlier download.

        The digest is made by `algorithm`. `on_bytes` is called with the size of every piece, what
        was there before included.

        Raises DownloadInterrupted or UrlExpired, after which it may be called again.
        """


class ResultsFolder(Protocol):
    """The folder of one run's results on this machine; threads may share it."""

    root: Path

    def exclusive(self, on_wait: Callable[[], None]) -> AbstractContextManager[None]:
        """Lock the folder against other pulls; `on_wait` is called where one must be waited for."""

    def claim(self, run: str) -> list[str]:
        """Make the folder this run's: files that another run has left are no longer trusted.

        Returns the names of the files that pulls of another run have placed.
        """

    def existing(self, name: str, expected: ManifestEntry | None) -> FileContent | None:
        """Return a file that is here and as expected, or as an earlier pull has placed it."""

    def part_path(self, name: str) -> Path:
        """Return where a file is downloaded to."""

    def place(self, name: str, content: FileContent) -> None:
        """Move a downloaded part to its name, whole or not at all, and record it."""

    def write(self, name: str, data: bytes) -> None:
        """Write a file whole or not at all."""

    def read(self, name: str) -> bytes | None:
        """Return a small file's content; None where it is not there."""
