"""Secrets in the files of a folder that becomes a data set: by name, by content, in archives."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from kitctl.domain.data.secret_files import kind_of_secret
from kitctl.domain.job.secrets import find_credentials
from kitctl.errors import Problem, Refused

# Files of these kinds hold no text, and are not even opened; the others are looked into.
_BINARY_ENDINGS = {
    *(".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".heic", ".dcm"),
    *(".mp3", ".wav", ".flac", ".ogg", ".mp4", ".mov", ".avi", ".mkv"),
    *(".npy", ".npz", ".h5", ".hdf5", ".keras", ".pt", ".pth", ".onnx", ".safetensors"),
    *(".parquet", ".feather", ".tfrecord", ".sqlite", ".db", ".pdf"),
    *(".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"),
}
# Texts are searched up to this size; a NUL among the first bytes says that a file is none.
LONGEST_TEXT_BYTES = 20 << 20
HEAD_BYTES = 1024

# Files that an error names.
MOST_NAMED = 20


def refuse_secrets(root: Path, paths: Sequence[str]) -> None:
    """Raise Refused where a file looks like a secret or holds one."""
    problems = [problem for path in paths for problem in _secrets(root, path)]
    if problems:
        names = " ".join(f"--exclude '{problem.where}'" for problem in problems[:3])
        raise Refused(
            f"{root} holds what looks like secrets; nothing was sent.",
            code="secrets",
            hint=f"Remove them, or leave them out: {names}",
            problems=problems[:MOST_NAMED],
        )


def _secrets(root: Path, path: str) -> Iterator[Problem]:
    """Yield the first secret of a file, if there is one."""
    ending = PurePosixPath(path).suffix.lower()
    if kind := kind_of_secret(path):
        yield Problem(path, f"looks like {kind}.")
    elif ending == ".zip":
        yield from _secret_in_archive(root / path, path)
    elif ending not in _BINARY_ENDINGS:
        yield from _credential_in(root / path, path)


def _secret_in_archive(file: Path, path: str) -> Iterator[Problem]:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError):
        return  # Kaggle says what is wrong with it.
    for name in names:
        if not name.endswith("/") and (kind := kind_of_secret(name)):
            yield Problem(path, f"holds {name}, which looks like {kind}.")
            return


def _credential_in(file: Path, path: str) -> Iterator[Problem]:
    """Yield the first credential in a text, such as a notebook's output."""
    try:
        with file.open("rb") as source:
            head = source.read(HEAD_BYTES)
            if b"\0" in head or file.stat().st_size > LONGEST_TEXT_BYTES:
                return
            text = (head + source.read()).decode("utf-8", "replace")
    except OSError:
        return  # Hashing reports it.
    for line, kind in find_credentials(text):
        yield Problem(path, f"holds {kind} in line {line}.")
        return
