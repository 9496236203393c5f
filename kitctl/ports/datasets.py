"""The ports for data sets: what is asked of Kaggle, the upload of a file, the state of a push."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from kitctl.errors import NetworkFailed

if TYPE_CHECKING:
    from kitctl.domain.data.dataset_resources import Resource
    from kitctl.domain.data.datasets import DatasetInfo, DatasetRef, DatasetStatus, UploadItem


class UploadSession(NamedTuple):
    """An announced upload: the token that names it in a request, and where its bytes go."""

    token: str
    url: str


class UploadExpired(NetworkFailed):
    """The upload's address is no longer valid; the file must be announced anew."""

    default_code = "upload_expired"


@dataclass(frozen=True, kw_only=True)
class DatasetRequest:
    """A version to make of uploaded files: token by the path that it gets.

    `notes` are a version's; title, licence and privacy count for a new data set only. `resources`
    describes files, by path.
    """

    ref: DatasetRef
    tokens: Mapping[str, str]
    notes: str
    title: str
    license: str
    is_private: bool
    subtitle: str = ""
    description: str = ""
    keywords: tuple[str, ...] = ()
    resources: Mapping[str, Resource] = field(default_factory=dict)


class DatasetService(Protocol):
    """Data sets at Kaggle. Every failure is a KitError with a next step."""

    service: str
    """Either "kaggle" or "local"."""

    def account(self) -> str:
        """Return the name of the account whose credentials are used."""

    def now(self) -> float:
        """Return Kaggle's clock."""

    def find(self, ref: DatasetRef) -> DatasetInfo | None:
        """Return a data set; None where Kaggle shows this account no such one."""

    def status(self, ref: DatasetRef) -> DatasetStatus:
        """Return how far Kaggle is with the newest version.

        Raises InvalidInput where Kaggle shows no such data set.
        """

    def own(self) -> Iterator[DatasetInfo]:
        """Yield the account's own data sets, page by page."""

    def announce(self, name: str, size: int, modified_at: int) -> UploadSession:
        """Announce an upload of so many bytes under a file's name."""

    def create(self, request: DatasetRequest) -> str:
        """Make a new data set and return its address; sent once.

        Raises AnswerLost where it is not known if it was made; after any other failure it was not.
        """

    def add_version(self, request: DatasetRequest) -> str:
        """Make the next version and return the data set's address; sent once, as `create`."""

    def file_sizes(self, ref: DatasetRef, version: int) -> Mapping[str, int | None]:
        """Return the size of each file of a version by its path; None where Kaggle gives none."""

    def archive_url(self, ref: DatasetRef, version: int | None) -> str:
        """Return the address of a version (None: the newest) as one archive; it expires."""


class Uploader(Protocol):
    """Sends the bytes of announced uploads; threads may share it."""

    def send(
        self,
        session: UploadSession,
        file: Path,
        *,
        resume: bool,
        on_bytes: Callable[[int], None],
    ) -> None:
        """Send a file, from where an earlier upload of it stopped; whole when it returns.

        `on_bytes` gets the number of bytes that came to be there, first those of earlier; an
        exception that it raises ends the upload.

        Raises UploadExpired, or NetworkFailed where it does not get through.
        """


class SavedContent(NamedTuple):
    """The content that a push made a version of: its hash, and the version's number.

    `dataset` is Kaggle's number of the data set, 0 where it is not known: one that was deleted and
    made anew has another.
    """

    digest: str
    version: int
    dataset: int = 0


class SentRequest(NamedTuple):
    """A request that was sent and whose answer nobody noted: content, version, time."""

    digest: str
    version: int
    at: float


class PushState(Protocol):
    """What is known on this machine of the pushes of one data set; threads may share it."""

    def exclusive(self, on_wait: Callable[[], None]) -> AbstractContextManager[None]:
        """Lock it against other pushes; `on_wait` is called where one must be waited for."""

    @property
    def saved(self) -> SavedContent | None:
        """The content of the last version that was made from here."""

    @property
    def sent(self) -> SentRequest | None:
        """The request whose answer is not known."""

    def token(self, item: UploadItem, now: float) -> str | None:
        """Return the token of an item that is uploaded and not too old to be used."""

    def session(self, item: UploadItem, now: float) -> UploadSession | None:
        """Return the upload of an item that was begun and may be resumed."""

    def record_begun(self, item: UploadItem, session: UploadSession, now: float) -> None:
        """Record that an upload was announced."""

    def record_uploaded(self, item: UploadItem) -> None:
        """Record that an item is uploaded whole."""

    def record_sent(self, sent: SentRequest) -> None:
        """Record that a request is being sent."""

    def record_refused(self) -> None:
        """Record that the request made no version; uploads are kept, but to be asked for again."""

    def record_saved(self, saved: SavedContent) -> None:
        """Record what a version is made of, and forget the uploads."""

    def archive(self, item: UploadItem, root: Path) -> Path:
        """Return the archive of an item's files in `root`, the same bytes each time.

        Raises InvalidInput where a file is not what it was, or cannot be read.
        """


class PhotoFault(NamedTuple):
    """A photo that cannot be used, and why."""

    path: str
    reason: str


class PhotoInspector(Protocol):
    """Looks at photos."""

    def faults(self, root: Path, paths: Sequence[str]) -> Iterator[PhotoFault]:
        """Yield the photos that cannot be read."""
