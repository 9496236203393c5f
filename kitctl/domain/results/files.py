"""The files that a run left: names that may be written here, the manifest, error pages.

Names and bytes come from outside and are not trusted: a name that could leave the folder, or that
some file system would take for another one, is refused and reported.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Literal

MANIFEST = "manifest.json"

# Where a pull records what it has done, beside the run's files.
OWN_FOLDER = ".kitctl"

# A manifest of 100,000 files; a file that no disk holds.
LARGEST_MANIFEST_BYTES = 16 << 20
LARGEST_FILE_BYTES = 1 << 60

_LONGEST_NAME_BYTES = 255
_WINDOWS_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)", re.IGNORECASE)
_WINDOWS_CHARACTERS = frozenset('<>:"|?*')
_SHA256 = re.compile(r"[0-9a-f]{64}")
_BLAKE2B = re.compile(r"[0-9a-f]{128}|")

Algorithm = Literal["sha256", "blake2b"]


@dataclass(frozen=True)
class DownloadedFile:
    """A downloaded file's size, and its hex digest by the requested algorithm."""

    bytes: int
    digest: str


@dataclass(frozen=True)
class ManifestEntry:
    """What the manifest says of one file.

    For a long one it has the BLAKE2b, too ("" for others): on processors without instructions for
    SHA-256 that takes half the time.
    """

    path: str
    bytes: int
    sha256: str
    blake2b: str = ""
    on_request: bool = False  # Of use to another run only, and fetched where it is named.

    @property
    def algorithm(self) -> Algorithm:
        """The algorithm to check the file by."""
        return "blake2b" if self.blake2b else "sha256"

    def matches(self, file: DownloadedFile) -> bool:
        """Return whether this is the file, by a digest of `algorithm`."""
        return file == DownloadedFile(self.bytes, self.blake2b or self.sha256)


@dataclass(frozen=True)
class ExpectedFile:
    """What a file must be: its entry in the manifest or, without one, the size in Kaggle's list."""

    entry: ManifestEntry | None = None
    listed_bytes: int | None = None

    @property
    def bytes(self) -> int | None:
        """The size; None where nobody says it."""
        return self.entry.bytes if self.entry else self.listed_bytes

    @property
    def algorithm(self) -> Algorithm:
        """The algorithm to hash the file by."""
        return self.entry.algorithm if self.entry else "sha256"

    def matches(self, file: DownloadedFile) -> bool:
        """Return whether this may be the file, by a digest of `algorithm`."""
        if self.entry:
            return self.entry.matches(file)
        return self.listed_bytes in {None, file.bytes}


@dataclass(frozen=True)
class RunIdentity:
    """What tells a run from every other one, also from those of its own name.

    `run` is its service, name and version. `manifest` is its manifest's hash, `listing` one of what
    Kaggle lists of its files; "" where it is not known. `time` is when it left them.
    """

    run: str
    manifest: str = ""
    listing: str = ""
    time: str = ""

    def is_same_run(self, other: RunIdentity | None) -> bool:
        """Return whether both are the same run, by what is known of both."""
        if other is None or self.run != other.run:
            return False
        if self.manifest and other.manifest:
            return self.manifest == other.manifest
        return bool(self.listing) and self.listing == other.listing

    def completed(self, other: RunIdentity) -> RunIdentity:
        """Return the same run with what only `other` knows of it."""
        manifest, listing = self.manifest or other.manifest, self.listing or other.listing
        return replace(self, manifest=manifest, listing=listing)


@dataclass(frozen=True)
class RefusedName:
    """A file that was left out, and why."""

    path: str
    reason: str


def parse_manifest(content: bytes) -> dict[str, ManifestEntry] | None:
    """Return the entries by path; None where this is no manifest that can be relied on."""
    if len(content) > LARGEST_MANIFEST_BYTES:
        return None
    try:
        manifest = json.loads(content)
        if manifest["schema"] != "kitctl-manifest/1":
            return None
        entries = [_entry(values) for values in manifest["files"]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    by_path = {entry.path: entry for entry in entries}
    # One that promises two contents of a file promises none.
    if any(by_path[entry.path] != entry for entry in entries):
        return None
    by_path.pop(MANIFEST, None)  # Nothing can hold its own hash.
    return by_path


def _entry(values: Mapping[str, object]) -> ManifestEntry:
    path, size, sha256 = values["path"], values["bytes"], values["sha256"]
    blake2b = values.get("blake2b", "")
    if not (isinstance(path, str) and type(size) is int):
        raise TypeError
    if not (isinstance(sha256, str) and isinstance(blake2b, str)):
        raise TypeError
    if not 0 <= size <= LARGEST_FILE_BYTES or not (
        _SHA256.fullmatch(sha256) and _BLAKE2B.fullmatch(blake2b)
    ):
        raise ValueError
    return ManifestEntry(path, size, sha256, blake2b, values.get("on_request") is True)


def check_names(
    names: Iterable[str], *, is_case_sensitive: bool = False, windows: bool = os.name == "nt"
) -> tuple[list[str], list[RefusedName]]:
    """Return the names that may be written, each once, and those that may not.

    `is_case_sensitive`: the file system keeps names apart that differ by case or accents only.
    """
    accepted: dict[str, str] = {}
    folders: set[str] = set()
    refused: dict[str, RefusedName] = {}
    for name in names:
        key = name if is_case_sensitive else _key(name)
        reason = reason_to_refuse(name, windows=windows)
        if reason is None and name != accepted.get(key, name):
            reason = f"differs from {accepted[key]!r} by case or accents only"
        above = _folders_of(key)
        if reason is None and (key in folders or above & accepted.keys()):
            reason = "is both a file and a folder"
        if reason is not None:
            refused[name] = RefusedName(name, reason)
            continue
        accepted[key] = name
        folders |= above
    return list(accepted.values()), list(refused.values())


def _folders_of(name: str) -> set[str]:
    parts = name.split("/")
    return {"/".join(parts[:end]) for end in range(1, len(parts))}


def free_name(candidates: Iterable[str], existing: Iterable[str]) -> str:
    """Return the first candidate that is no file and no folder among the names, in any case."""
    keys = {key for name in existing for key in (_key(name), *_folders_of(_key(name)))}
    return next(name for name in candidates if _key(name) not in keys)


def reason_to_refuse(name: str, *, windows: bool = os.name == "nt") -> str | None:
    """Return why a name must not be written below the target folder; None where it may."""
    if not name:
        return "is empty"
    categories = {unicodedata.category(character) for character in name}
    if "Cs" in categories:
        return "is no UTF-8"
    if "Cc" in categories:
        return "holds control characters"
    if name.startswith("/"):
        return "is an absolute path"
    if re.match(r"[A-Za-z]:", name):
        return "begins as a drive of Windows"
    if "\\" in name:
        return "holds backslashes"
    parts = name.split("/")
    if ".." in parts:
        return "leaves the folder"
    if "" in parts or "." in parts:
        return "is no plain path"
    if parts[0].casefold() == OWN_FOLDER:
        return "is kitctl's own folder"
    return next(filter(None, (_reason_for_part(part, windows) for part in parts)), None)


def _reason_for_part(part: str, windows: bool) -> str | None:
    if len(part.encode("utf-8")) > _LONGEST_NAME_BYTES:
        return "is too long"
    if _WINDOWS_DEVICES.match(part):
        return "is a reserved name on Windows"
    if part[-1] in ". ":
        return "ends in a dot or a space"
    if windows and _WINDOWS_CHARACTERS & set(part):
        return "holds characters that Windows does not allow"
    return None


def _key(name: str) -> str:
    """Return a key that is equal for names that some file system takes for the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def compact_time(text: str, default: float) -> str:
    """Return a time in ISO 8601 as a part of a name, in UTC; else that of `default` (seconds)."""
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        moment = datetime.fromtimestamp(default, UTC)
    return moment.strftime("%Y%m%d-%H%M%S")


def is_error_body(name: str, content_type: str, head: bytes) -> bool:
    """Return whether this is an error page with status 200, in place of the file.

    `head` is the start of the body. Content that fits the file's own name is no error page.
    """
    suffix = PurePosixPath(name).suffix.lower()
    start = head.lstrip()[:512].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return suffix not in {".html", ".htm", ".xhtml", ".txt", ".md"}
    if start.startswith(b"<?xml") and b"<error>" in start:
        return True
    if start.startswith(b"{") and "json" in content_type.lower():
        return re.search(rb'^\{\s*"(code|message|error)"\s*:', start) is not None
    return False
