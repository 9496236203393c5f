"""The files of a folder that becomes a data set: listed, checked for secrets, hashed."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from kitctl.domain.data.dataset_metadata import METADATA_NAME
from kitctl.domain.data.datasets import LocalFile
from kitctl.domain.data.secret_files import kind_of_secret
from kitctl.domain.results.files import RefusedName, check_names
from kitctl.domain.runs.counts import counted
from kitctl.errors import InvalidInput, Problem, Refused
from kitctl.operations.dataset_versions.secrets_in_files import secrets_in_files
from kitctl.ports import Reporter

# Files that an error names.
MOST_NAMED = 20
MOST_LEVELS = 100

# What Kaggle's client leaves out, and what systems and tools leave behind.
_JUNK_FOLDERS = {".git", ".cache", ".huggingface", "__pycache__", ".ipynb_checkpoints", ".kitctl"}
_JUNK_FILES = {".DS_Store", "Thumbs.db", "desktop.ini"}
_METADATA_FILES = {
    METADATA_NAME,
    "datapackage.json",
    "kernel-metadata.json",
    "model-metadata.json",
    "model-instance-metadata.json",
    *(f"dataset-cover-image.{ending}" for ending in ("png", "jpg", "jpeg", "webp")),
}


@dataclass(frozen=True)
class FolderListing:
    """The files of a folder by path, and what stays out of the data set: why, by path."""

    root: Path
    paths: tuple[str, ...]
    left_out: tuple[RefusedName, ...]


@dataclass(frozen=True)
class FolderScan:
    """A folder's files, apart from those that cannot be sent and those with secrets."""

    listing: FolderListing
    unsendable: tuple[Problem, ...]
    secrets: tuple[Problem, ...]


def scan_folder(root: Path, exclude: Sequence[str] = ()) -> FolderScan:
    """Look at all files of a folder, by names and contents.

    Raises InvalidInput where it is no folder.
    """
    if not root.is_dir():
        raise InvalidInput(
            f"{root} is no folder.", code="no_folder", hint="Name the folder with the files."
        )
    left_out: list[RefusedName] = []
    unsendable: list[Problem] = []
    accepted, refused = check_names(
        _walk(root, exclude, left_out, unsendable), is_case_sensitive=True
    )
    unsendable += [
        Problem(name.path, f"{name.reason}.", "Rename it, or leave it out with --exclude.")
        for name in refused
    ]
    secrets = secrets_in_files(root, accepted)
    sendable = sorted({*accepted} - {problem.where for problem in secrets})
    return FolderScan(
        FolderListing(root, tuple(sendable), tuple(left_out)), tuple(unsendable), secrets
    )


def list_folder(root: Path, exclude: Sequence[str] = ()) -> FolderListing:
    """List the files that become a data set; the errors are those of `require_sendable`."""
    return require_sendable(scan_folder(root, exclude))


def require_sendable(scan: FolderScan) -> FolderListing:
    """Return the files where all of them can be sent.

    Raises InvalidInput where there are none or one cannot be sent, Refused where one holds secrets.
    """
    root = scan.listing.root
    if scan.unsendable:
        count = "One file" if len(scan.unsendable) == 1 else f"{len(scan.unsendable)} files"
        raise InvalidInput(
            f"{count} in {root} cannot become part of a data set; nothing was sent.",
            code="odd_files",
            hint="Fix them, or leave them out: --exclude 'NAME'",
            problems=scan.unsendable[:MOST_NAMED],
        )
    if scan.secrets:
        raise Refused(
            f"{root} holds what looks like secrets; nothing was sent.",
            code="secrets",
            hint=f"Remove them, or leave them out: {_exclude_options(scan.secrets[:3])}",
            problems=scan.secrets[:MOST_NAMED],
        )
    if not scan.listing.paths:
        raise InvalidInput(
            f"{root} holds no files for a data set.",
            code="empty_folder",
            hint="Name the folder with the files.",
        )
    return scan.listing


def _exclude_options(problems: Iterable[Problem]) -> str:
    """Return the options that leave out these files and no other ones."""
    patterns = (re.sub(r"([*?[])", r"[\1]", problem.where) for problem in problems)
    return " ".join(f"--exclude {shlex.quote(pattern)}" for pattern in patterns)


def hash_files(listing: FolderListing, jobs: int, reporter: Reporter) -> tuple[LocalFile, ...]:
    """Hash all files, several at once.

    Raises InvalidInput where one cannot be read.
    """
    total = sum((listing.root / path).stat().st_size for path in listing.paths)
    with (
        reporter.progress(
            f"Reading {counted(len(listing.paths), 'file')}", total=total or None, unit="bytes"
        ) as bar,
        ThreadPoolExecutor(jobs, "hash") as pool,
    ):
        files = []
        try:
            for file in pool.map(lambda path: _hash(listing.root, path), listing.paths):
                files.append(file)
                bar.advance(file.bytes)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return tuple(files)


def _hash(root: Path, path: str) -> LocalFile:
    try:
        with (root / path).open("rb") as source:
            status = os.fstat(source.fileno())
            digest = hashlib.file_digest(source, "sha256").hexdigest()
            size = source.tell()
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be read: {error.strerror or error}. Nothing was sent.",
            code="unreadable",
            hint="Fix that, or leave it out with --exclude.",
        ) from None
    return LocalFile(path, size, status.st_mtime_ns, digest)


def _walk(
    root: Path,
    exclude: Sequence[str],
    left_out: list[RefusedName],
    problems: list[Problem],
    below: str = "",
) -> Iterator[str]:
    """Yield the paths of the files below a folder, links resolved, in order."""
    try:
        entries = sorted(os.scandir(root / below), key=lambda entry: entry.name)
    except OSError as error:
        problems.append(Problem(below or ".", f"cannot be listed: {error.strerror}."))
        return
    if below.count("/") >= MOST_LEVELS:
        problems.append(Problem(below, f"is more than {MOST_LEVELS} folders deep."))
        return
    if below and not entries:
        left_out.append(RefusedName(f"{below}/", "is an empty folder, which Kaggle does not keep"))
    for entry in entries:
        path = f"{below}/{entry.name}" if below else entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        if reason := _reason_to_leave_out(path, is_folder, exclude):
            left_out.append(RefusedName(path, reason))
        elif is_folder:
            yield from _walk(root, exclude, left_out, problems, path)
        elif reason := _reason_not_to_send(root, entry, exclude):
            problems.append(Problem(path, reason, "Copy it, or leave it out with --exclude."))
        else:
            yield path


def _reason_to_leave_out(path: str, is_folder: bool, exclude: Sequence[str]) -> str:
    name = path.rpartition("/")[2]
    for pattern in exclude:
        plain = pattern.rstrip("/")
        if fnmatchcase(path, plain) or fnmatchcase(name, plain):
            return "is excluded"
    if name in (_JUNK_FOLDERS if is_folder else _JUNK_FILES):
        return "is no data"
    if path in _METADATA_FILES:
        return "describes the data set"
    return ""


def _is_left_out(path: str, exclude: Sequence[str]) -> bool:
    """Return whether a file is left out, or one of the folders that it is in."""
    folders = [parent.as_posix() for parent in PurePosixPath(path).parents][:-1]
    return bool(
        _reason_to_leave_out(path, False, exclude)
        or any(_reason_to_leave_out(folder, True, exclude) for folder in folders)
    )


def _reason_not_to_send(root: Path, entry: os.DirEntry[str], exclude: Sequence[str]) -> str:
    """Return why an entry that is no folder is no file of a data set; "" where it is one."""
    if entry.is_symlink():
        try:
            target = Path(entry.path).resolve(strict=True)
        except (OSError, RuntimeError):  # Also a circle of links.
            return "is a link to nothing."
        if not target.is_relative_to(root.resolve()):
            return "is a link that leads out of the folder."
        if target.is_dir():
            return "is a link to a folder."
        path = target.relative_to(root.resolve()).as_posix()
        if _is_left_out(path, exclude) or kind_of_secret(path):
            return f"is a link to {path}, which is left out."
    if not entry.is_file():
        return "is no regular file."
    return ""
