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
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

MANIFEST = "manifest.json"

# Where a pull records what it has done, beside the run's files.
OWN_FOLDER = ".kitctl"

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

    @property
    def algorithm(self) -> Algorithm:
        """The algorithm to check the file by."""
        return "blake2b" if self.blake2b else "sha256"

    def matches(self, file: DownloadedFile) -> bool:
        """Return whether this is the file, by a digest of `algorithm`."""
        return file == DownloadedFile(self.bytes, self.blake2b or self.sha256)


@dataclass(frozen=True)
class RefusedName:
    """A file that was left out, and why."""

    path: str
    reason: str


def parse_manifest(content: bytes) -> dict[str, ManifestEntry] | None:
    """Return the entries by path; None where this is no manifest that can be relied on."""
    try:
        manifest = json.loads(content)
        if manifest["schema"] != "kitctl-manifest/1":
            return None
        entries = [_entry(values) for values in manifest["files"]]
    except (ValueError, TypeError, KeyError):
        return None
    return {entry.path: entry for entry in entries}


def _entry(values: Mapping[str, object]) -> ManifestEntry:
    path, size, sha256 = values["path"], values["bytes"], values["sha256"]
    blake2b = values.get("blake2b", "")
    if not (isinstance(path, str) and type(size) is int):
        raise TypeError
    if not (isinstance(sha256, str) and isinstance(blake2b, str)):
        raise TypeError
    if size < 0 or not (_SHA256.fullmatch(sha256) and _BLAKE2B.fullmatch(blake2b)):
        raise ValueError
    return ManifestEntry(path, size, sha256, blake2b)


def check_names(
    names: Iterable[str], *, windows: bool = os.name == "nt"
) -> tuple[list[str], list[RefusedName]]:
    """Return the names that may be written, each once, and those that may not."""
    accepted: dict[str, str] = {}
    folders: set[str] = set()
    refused: list[RefusedName] = []
    for name in names:
        key = _key(name)
        reason = reason_to_refuse(name, windows=windows)
        if reason is None and name != accepted.get(key, name):
            reason = f"differs from {accepted[key]!r} by case or accents only"
        above = {_key(str(parent)) for parent in PurePosixPath(name).parents} - {"."}
        if reason is None and (key in folders or above & accepted.keys()):
            reason = "is both a file and a folder"
        if reason is not None:
            refused.append(RefusedName(name, reason))
            continue
        accepted[key] = name
        folders |= above
    return list(accepted.values()), refused


def reason_to_refuse(name: str, *, windows: bool = os.name == "nt") -> str | None:
    """Return why a name must not be written below the target folder; None where it may."""
    if not name:
        return "is empty"
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        return "holds control characters"
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "is an absolute path"
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
