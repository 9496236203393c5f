"""Archives in data sets: unpacked when they arrive, packed when all of one is downloaded."""

from __future__ import annotations

import secrets
import shutil
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

from kitctl.local.state.refusals import bad_request


def place(upload: Path, name: str, folder: Path) -> None:
    """Put one uploaded file into a data set's folder; an archive becomes a folder of its name.

    Raises:
        Refusal: a name, of the file or inside the archive, that would leave the folder.
    """
    target = _within(folder, name)
    # By name: a model.keras is a zip as well, but to be left alone.
    if name.endswith(".zip") and zipfile.is_zipfile(upload):
        _unzip(upload, target.with_name(target.name.removesuffix(".zip")))
    elif name.endswith(".tar") and tarfile.is_tarfile(upload):
        _untar(upload, target.with_name(target.name.removesuffix(".tar")))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(upload, target)


def pack(folder: Path, archive: Path) -> None:
    """Write every file of a folder into a zip, whole or not at all."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    # Two may ask at the same time: each writes its own, and the last one stays.
    part = archive.with_suffix(f".{secrets.token_hex(4)}.part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED, strict_timestamps=False) as writer:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                writer.write(path, path.relative_to(folder).as_posix())
    part.replace(archive)


def _unzip(upload: Path, folder: Path) -> None:
    with zipfile.ZipFile(upload) as archive:
        for member in archive.infolist():
            target = _within(folder, member.filename)
            if member.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)


def _untar(upload: Path, folder: Path) -> None:
    with tarfile.open(upload) as archive:
        try:
            archive.extractall(folder, filter="data")
        except tarfile.FilterError as error:
            raise bad_request(f"An archive holds a name that is not allowed: {error}") from error


def _within(folder: Path, name: str) -> Path:
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in name or not parts.parts:
        raise bad_request(f'The file name "{name}" is not allowed.')
    return folder.joinpath(*parts.parts)
