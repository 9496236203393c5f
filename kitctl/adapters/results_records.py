"""What kitctl notes in a results folder: the run that it belongs to, and each file placed in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from kitctl.domain.results.files import OWN_FOLDER, ManifestEntry, RunIdentity, reason_to_refuse
from kitctl.files import replace_file

RUN_FILE, RECORDS_FILE = "run", "files.jsonl"


@dataclass(frozen=True)
class Record:
    """What a file was when it was placed."""

    entry: ManifestEntry
    mtime_ns: int


def read_records(folder: Path) -> dict[str, Record]:
    """Return the records by path, without lines that are none: a kill may have cut one off."""
    records = {}
    try:
        lines = (folder / OWN_FOLDER / RECORDS_FILE).read_text("utf-8", "replace").splitlines()
    except OSError:
        return {}
    for line in lines:
        try:
            record = _record(json.loads(line))
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        records[record.entry.path] = record
    return records


def append_record(folder: Path, name: str, size: int, sha256: str, mtime_ns: int) -> Record:
    """Add a file to the records."""
    line = {"path": name, "bytes": size, "sha256": sha256, "mtime_ns": mtime_ns}
    with (folder / OWN_FOLDER / RECORDS_FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    return _record(line)


def read_run(folder: Path) -> RunIdentity | None:
    """Return the run that a folder belongs to; None where it belongs to none that can be read."""
    try:
        values = json.loads((folder / OWN_FOLDER / RUN_FILE).read_text("utf-8", "replace"))
        return RunIdentity(**{field.name: str(values[field.name]) for field in fields(RunIdentity)})
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def write_run(folder: Path, run: RunIdentity) -> None:
    """Note that a folder belongs to a run."""
    with replace_file(folder / OWN_FOLDER / RUN_FILE) as part:
        part.write_text(json.dumps(asdict(run)) + "\n", "utf-8")


def _record(line: Mapping[str, Any]) -> Record:
    path, size, sha256, mtime_ns = (line[key] for key in ("path", "bytes", "sha256", "mtime_ns"))
    # A name that leads elsewhere was not written by a pull.
    if not (isinstance(path, str) and isinstance(sha256, str)) or reason_to_refuse(path):
        raise ValueError
    return Record(ManifestEntry(path, size, sha256), mtime_ns)
