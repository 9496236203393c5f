"""Archives in data sets: unpacked after the upload, packed for the download of a whole set."""

from __future__ import annotations

import secrets
import shutil
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import IO

from kitctl.local.state.errors import bad_request
from kitctl.local.state.files import regular_files
from kitctl.local.state.records import DatasetVersion


def unpack(upload: Path, name: str, folder: Path) -> None:
    """Move an uploaded file into a data set's folder; a .zip or .tar becomes a folder of its name.

    Raises:
        ApiError: a name, of the file or inside the archive, leads out of the folder, or the archive
            cannot be read.
    """
    target = _within(folder, name)
    # By suffix: a model.keras is a zip too, and stays one file.
    extract = {".zip": _unzip, ".tar": _untar}.get(target.suffix)
    if extract is not None:
        try:
            extract(upload, target.with_suffix(""))
        except (zipfile.BadZipFile, tarfile.TarError, RuntimeError, OSError) as error:
            raise bad_request(f"{name} cannot be unpacked: {error}") from error
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(upload, target)


def of_version(version: DatasetVersion, folder: Path, ending: str) -> Path:
    """Return an archive of a version's files; it is made below `folder` if it is not there."""
    name = PurePosixPath(version.dataset.slug).name
    archive = folder / str(version.number) / f"{name}{ending}"
    if not archive.exists():
        files = regular_files(version.folder)
        pack({path.relative_to(version.folder).as_posix(): path for path in files}, archive)
    return archive


def pack(files: Mapping[str, Path], archive: Path) -> None:
    """Write files, by their names in it, into a .zip or .tar.gz atomically."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    # Two requests at once each write a file of their own; the last one stays.
    part = archive.with_suffix(f".{secrets.token_hex(4)}.part")
    if archive.suffix == ".gz":
        with tarfile.open(part, "w:gz", compresslevel=1) as tar:
            for name, path in sorted(files.items()):
                tar.add(path, name)
    else:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED, strict_timestamps=False) as writer:
            for name, path in sorted(files.items()):
                writer.write(path, name)
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
    """Return the path of a name in a folder; refuse a name that leads out of it."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in name or not parts.parts:
        raise bad_request(f'The file name "{name}" is not allowed.')
    return folder.joinpath(*parts.parts)
