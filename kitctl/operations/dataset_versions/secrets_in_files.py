"""Secrets in the files of a folder that becomes a data set: by name, by content, in archives."""

from __future__ import annotations

import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from kitctl.domain.data.datasets import archive_ending
from kitctl.domain.data.secret_files import kind_of_secret
from kitctl.domain.job.secrets import find_credentials
from kitctl.errors import Problem

# Files of these kinds hold no text, and are not even opened; the others are looked into.
_BINARY_ENDINGS = {
    *(".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".heic", ".dcm"),
    *(".mp3", ".wav", ".flac", ".ogg", ".mp4", ".mov", ".avi", ".mkv"),
    *(".npy", ".npz", ".h5", ".hdf5", ".keras", ".pt", ".pth", ".onnx", ".safetensors"),
    *(".parquet", ".feather", ".tfrecord", ".sqlite", ".db", ".pdf"),
    *(".tar", ".gz", ".tgz", ".bz2", ".xz", ".zip", ".7z", ".rar"),
}
# Texts are searched up to this size; a NUL among the first bytes says that a file is none.
LONGEST_TEXT_BYTES = 20 << 20
HEAD_BYTES = 1024

_TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

# What an archive raises that is damaged or encrypted: Kaggle says what is wrong with it.
_UNREADABLE = (
    *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
)


def secrets_in_files(root: Path, paths: Sequence[str]) -> tuple[Problem, ...]:
    """Return the files that look like a secret or hold one, with the first secret of each."""
    found = ((path, next(_secrets(root / path, path), "")) for path in paths)
    return tuple(Problem(path, secret) for path, secret in found if secret)


def _secrets(file: Path, path: str) -> Iterator[str]:
    """Yield what is secret about a file; one that cannot be read is reported when it is hashed."""
    if kind := kind_of_secret(path):
        yield f"looks like {kind}."
    ending = archive_ending(path)
    try:
        if ending == ".zip":
            yield from _secrets_in_zip(file)
        elif ending == ".gz":
            with gzip.open(file) as content:
                yield from _secrets_in_text(path[: -len(ending)], content)
        elif ending in _TAR_ENDINGS:
            yield from _secrets_in_tar(file)
        else:
            with file.open("rb") as content:
                yield from _secrets_in_text(path, content)
    except _UNREADABLE:
        return


def _secrets_in_text(name: str, content: IO[bytes] | gzip.GzipFile) -> Iterator[str]:
    for found in _credentials(name, content):
        yield f"holds {found}."


def _secrets_in_zip(file: Path) -> Iterator[str]:
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            if entry.is_dir():
                continue
            if kind := kind_of_secret(entry.filename):
                yield f"holds {entry.filename}, which looks like {kind}."
            if not _is_binary(entry.filename):
                with archive.open(entry) as content:
                    for found in _credentials(entry.filename, content):
                        yield f"holds {found} of {entry.filename}."


def _secrets_in_tar(file: Path) -> Iterator[str]:
    with tarfile.open(file) as archive:
        for entry in archive:
            if not entry.isfile():
                continue
            if kind := kind_of_secret(entry.name):
                yield f"holds {entry.name}, which looks like {kind}."
            content = archive.extractfile(entry)
            for found in _credentials(entry.name, content) if content else ():
                yield f"holds {found} of {entry.name}."


def _credentials(name: str, content: IO[bytes] | gzip.GzipFile) -> Iterator[str]:
    """Yield the credentials in a text, such as a notebook's output: their kind and line."""
    if _is_binary(name):
        return
    head = content.read(HEAD_BYTES)
    is_utf16 = head.startswith(_UTF16_MARKS)
    if b"\0" in head and not is_utf16:
        return
    rest = content.read(LONGEST_TEXT_BYTES)
    if len(head) + len(rest) > LONGEST_TEXT_BYTES:
        return
    text = (head + rest).decode("utf-16" if is_utf16 else "utf-8", "replace")
    for line, kind in find_credentials(text):
        yield f"{kind} in line {line}"


def _is_binary(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in _BINARY_ENDINGS
