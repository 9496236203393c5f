"""Small folders as people push them: a script and its kernel-metadata.json."""

from __future__ import annotations

import json
from pathlib import Path

METADATA = {
    "id": "alice/x-y-z",
    "title": "X y z",
    "code_file": "main.py",
    "language": "python",
    "kernel_type": "script",
    "enable_internet": False,
}


def write_folder(project: Path, script: str = "print('hello')\n", /, **changes: object) -> None:
    """Write a script and its metadata; a change of None leaves the key out."""
    values = {**METADATA, **changes}
    kept = {key: value for key, value in values.items() if value is not None}
    project.mkdir(parents=True, exist_ok=True)
    (project / "kernel-metadata.json").write_text(json.dumps(kept), "utf-8")
    (project / "main.py").write_text(script, "utf-8")
