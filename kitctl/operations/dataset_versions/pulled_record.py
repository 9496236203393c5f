"""What a pull notes in the folder of a data set: which version it is, and each file's hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kitctl.files import replace_file

RECORD = Path(".kitctl") / "dataset.json"


def write_record(folder: Path, identity: Mapping[str, object], hashes: Mapping[str, str]) -> None:
    """Note the version, and the SHA-256 of each of its files by path."""
    with replace_file(folder / RECORD) as part:
        part.write_text(json.dumps({**identity, "files": hashes}) + "\n", "utf-8")


def read_record(folder: Path) -> dict[str, Any]:
    """Return what a pull noted in a folder; empty where none did."""
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) and isinstance(record.get("files"), dict) else {}


def changed_files(folder: Path, record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the noted files that are not there any more, or have another content."""
    for name, sha256 in record["files"].items():
        try:
            with (folder / name).open("rb") as file:
                is_same = hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except OSError:
            is_same = False
        if not is_same:
            yield name
