"""Data sets: their names, what Kaggle says of them, and the files of a folder that becomes one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from kitctl.errors import UsageError

# What Kaggle's own client asks of slug and title.
SHORTEST_NAME, LONGEST_NAME = 6, 50
# The account of the local Kaggle.
LOCAL_OWNER = "local"
DEFAULT_LICENSE = "unknown"
LICENSES = (
    "CC0-1.0",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC-BY-NC-SA-4.0",
    "ODbL-1.0",
    "apache-2.0",
    "mit",
    "copyright-authors",
    "other",
)

_NAME = re.compile(r"(?P<owner>[A-Za-z0-9][A-Za-z0-9_-]*)/(?P<slug>[A-Za-z0-9][A-Za-z0-9_-]*)")

# Letters of a content's hash that a version's notes show.
MARK_LETTERS = 16
_MARK = re.compile(r"\(kitctl ([0-9a-f]{16})\)")


class DatasetRef(NamedTuple):
    """A data set as in Kaggle's addresses: `<owner>/<slug>`."""

    owner: str
    slug: str

    @classmethod
    def parse(cls, text: str, account: Callable[[], str]) -> DatasetRef:
        """Parse `<owner>/<slug>`, or a slug of the account's own.

        Raises UsageError for anything else.
        """
        match = _NAME.fullmatch(text if "/" in text else f"account/{text}")
        if not match:
            raise UsageError(
                f"{text!r} names no data set.",
                code="bad_dataset",
                hint="Write it as OWNER/SLUG, as in its address on kaggle.com.",
            )
        return cls(match["owner"] if "/" in text else account(), match["slug"].lower())

    def __str__(self) -> str:
        return f"{self.owner}/{self.slug}"


def parse_data_option(option: str) -> tuple[str, str]:
    """Return the name of the source and the folder that a `--data SLUG=DIR` option names.

    Raises UsageError for an option of another form.
    """
    name, equals, folder = option.partition("=")
    if not equals or not name or not folder:
        raise UsageError(
            f"--data {option} has no SLUG=DIR form.",
            hint="For example: --data my-photos=photos",
        )
    return name, folder


class DatasetStatus(StrEnum):
    """How far Kaggle is with a data set's newest version."""

    PROCESSING = "PROCESSING"
    READY = "READY"
    FAILED = "FAILED"

    @classmethod
    def of(cls, word: str) -> DatasetStatus:
        """Return the state for Kaggle's own word."""
        if word.upper() == "READY":
            return cls.READY
        return cls.FAILED if word.upper() in {"FAILED", "DELETED"} else cls.PROCESSING


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """A data set as Kaggle shows it, by its newest version.

    `marks` are the contents' hashes in the notes of its versions, by number; Kaggle may show none.
    `id` is 0 and `is_private` None where it shows none.
    """

    ref: DatasetRef
    version: int
    title: str = ""
    bytes: int | None = None
    is_private: bool | None = None
    updated_at: str = ""
    url: str = ""
    id: int = 0
    marks: Mapping[int, str]


class LocalFile(NamedTuple):
    """A file to upload: its path in the data set, its size, its time and its SHA-256."""

    path: str
    bytes: int
    mtime_ns: int
    sha256: str


class UploadItem(NamedTuple):
    """What is uploaded in one piece: a file, or a folder whose files are packed into an archive.

    `path` is where it goes in the data set; an archive's ends in `.zip`, and Kaggle unpacks it.
    """

    path: str
    files: tuple[LocalFile, ...]
    is_archive: bool

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    @property
    def key(self) -> str:
        """What tells its content from another one under the same path."""
        return f"{content_hash(self.files)} {self.path}"


# A folder at the top with more files than this goes as an archive, unless they are large.
MOST_SINGLE_FILES = 10
LARGE_FILE_BYTES = 32 << 20
ARCHIVE_ENDING = ".zip"
UNPACKED_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".7z", ".rar", ".gz")


# What Kaggle says of data sets in its documentation. It may change, so that nothing is refused.
MOST_TOP_FILES = 50
LARGEST_BYTES = 200 << 30


def limit_warnings(items: Sequence[UploadItem]) -> tuple[str, ...]:
    """Return what Kaggle may refuse of a data set, which should be known before the upload."""
    warnings = []
    top = sum("/" not in item.path for item in items)
    if top > MOST_TOP_FILES:
        warnings.append(
            f"{top:,} files lie at the top of the folder; Kaggle's documentation allows"
            f" {MOST_TOP_FILES} there. Put them into a folder: it goes as one archive."
        )
    total = sum(item.bytes for item in items)
    if total > LARGEST_BYTES:
        warnings.append(
            f"The files have {total / (1 << 30):,.0f} GiB; Kaggle's documentation allows"
            f" {LARGEST_BYTES >> 30} for a data set, and as much for all private ones together."
        )
    return tuple(warnings)


def content_hash(files: Iterable[LocalFile]) -> str:
    """Return one hash of the paths and contents of files, whatever their order and times."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.path}\0{file.sha256}\0".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def plan_items(files: Sequence[LocalFile]) -> tuple[UploadItem, ...]:
    """Return what is uploaded: folders of many small files as archives, all else file by file."""
    by_folder: dict[str, list[LocalFile]] = {}
    for file in sorted(files):
        top, slash, _ = file.path.partition("/")
        by_folder.setdefault(top if slash else "", []).append(file)
    items = [UploadItem(file.path, (file,), False) for file in by_folder.pop("", [])]
    for folder, inside in by_folder.items():
        if len(inside) > MOST_SINGLE_FILES and _mean_bytes(inside) < LARGE_FILE_BYTES:
            items.append(UploadItem(f"{folder}{ARCHIVE_ENDING}", tuple(inside), True))
        else:
            items += [UploadItem(file.path, (file,), False) for file in inside]
    return tuple(items)


def archive_ending(path: str) -> str:
    """Return the ending by which Kaggle takes a file for an archive; "" where it does not."""
    return next((path[-len(e) :] for e in UNPACKED_ENDINGS if path.lower().endswith(e)), "")


def version_notes(message: str, digest: str) -> str:
    """Return a version's notes; they name its content, so that it is known on other machines."""
    return f"{message} (kitctl {digest[:MARK_LETTERS]})"


def mark_in(notes: str) -> str:
    """Return the mark of a content in a version's notes, "" where there is none."""
    match = _MARK.search(notes)
    return match[1] if match else ""


def _mean_bytes(files: Sequence[LocalFile]) -> float:
    return sum(file.bytes for file in files) / len(files)
