"""The ports for pulling: the downloader, and the folder of one run's results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from kitctl.errors import NetworkFailed

if TYPE_CHECKING:
    from kitctl.domain.results.files import DownloadedFile, ExpectedFile, RunIdentity
    from kitctl.ports.kaggle import OutputFile


@dataclass(frozen=True)
class FileContent:
    """The content of a file that is here: its size and its hash."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class MovedFiles:
    """Files that made room for those of the run, and the folder that they are in now."""

    folder: Path
    names: tuple[str, ...]


class DownloadInterrupted(NetworkFailed):
    """A file did not come whole; the next fetch resumes it, or starts over."""

    default_code = "broken_off"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        retry_after: float | None = None,
        start_over: bool = False,
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after
        self.start_over = start_over


class UrlExpired(NetworkFailed):
    """The signed URL is no longer valid; a new one must be requested."""

    default_code = "url_expired"


class Downloader(Protocol):
    """Downloads files; threads may share it."""

    def fetch(
        self, file: OutputFile, part: Path, expected: ExpectedFile, on_bytes: Callable[[int], None]
    ) -> DownloadedFile:
        """Download a file into `part`, resuming an earlier download.

        It has the expected size, and is hashed by the expected algorithm; whether the hash is the
        expected one is not checked. `on_bytes` is called with the size of every piece, first with
        what was there before.

        Raises DownloadInterrupted or UrlExpired, after which it may be called again; NetworkFailed
        where that is of no use.
        """


class ResultsFolder(Protocol):
    """The folder of one run's results on this machine; threads may share it."""

    root: Path

    @property
    def moved(self) -> Sequence[MovedFiles]:
        """What has made room for the run's files."""

    @property
    def owner(self) -> RunIdentity | None:
        """The run that the folder belongs to; None where it belongs to none that can be read."""

    def exclusive(self, on_wait: Callable[[], None]) -> AbstractContextManager[None]:
        """Lock the folder against other pulls; `on_wait` is called where one must be waited for."""

    def is_case_sensitive(self) -> bool:
        """Return whether names that differ by case or accents only are two files here."""

    def claim(self, run: RunIdentity) -> None:
        """Make the folder this run's: what pulls of another run have placed moves beside it.

        Raises InvalidInput where it cannot be moved; then the folder is still the other run's.
        """

    def existing(self, name: str, expected: ExpectedFile) -> FileContent | None:
        """Return a file that is here and as expected, or as an earlier pull has placed it."""

    def part_path(self, name: str) -> Path:
        """Return where a file is downloaded to."""

    def place(self, name: str, content: FileContent, part: Path) -> None:
        """Move a whole file to its name and record it.

        What is there already and no pull of this run has placed moves beside the folder.
        """

    def open(self, name: str) -> BinaryIO | None:
        """Open a file for reading; None where it is not there."""
