"""Archives in data sets: unpacked when they arrive, packed when all of one is downloaded."""

from __future__ import annotations

import secrets
import shutil
import tarfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from kitctl.local.state.refusals import bad_request


def place(upload: Path, name: str, folder: Path) -> None:
    """Put one uploaded file into a data set's folder; an archive becomes a folder of its name.

    Raises:
        Refusal: a name, of the file or inside the archive, that would leave the folder; an archive
            that cannot be read.
    """
    target = _within(folder, name)
    # By name: a model.keras is a zip as well, but to be left alone.
    unpack = {".zip": _unzip, ".tar": _untar}.get(target.suffix)
    if unpack is not None:
        try:
            unpack(upload, target.with_suffix(""))
        except (zipfile.BadZipFile, tarfile.TarError, RuntimeError, OSError) as error:
            raise bad_request(f"{name} cannot be unpacked: {error}") from error
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
            if not member.is_dir():
                with archive.open(member) as source:
                    _copy(source, _within(folder, member.filename))


def _untar(upload: Path, folder: Path) -> None:
    with tarfile.open(upload) as archive:
        for member in archive:
            # Files only: a link could lead anywhere.
            source = archive.extractfile(member) if member.isfile() else None
            if source is not None:
                _copy(source, _within(folder, member.name))


def _copy(source: IO[bytes], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as sink:
        shutil.copyfileobj(source, sink)


def _within(folder: Path, name: str) -> Path:
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in name or not parts.parts:
        raise bad_request(f'The file name "{name}" is not allowed.')
    return folder.joinpath(*parts.parts)
