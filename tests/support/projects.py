"""Small projects to pack, run and push, written in a line or two."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path

METADATA = {
    "id": "ada/small-job",
    "title": "Small job",
    "code_file": "job/main.py",
    "language": "python",
    "kernel_type": "script",
    "is_private": "true",
    "enable_gpu": "true",
    "enable_tpu": "false",
    "enable_internet": "false",
    "machine_shape": "NvidiaTeslaT4",
    "dataset_sources": [],
}

# A packed job that knows kitctl's variables: it counts epochs and leaves a manifest-like file.
MAIN = """
import json
import os
import sys
from pathlib import Path

from job import counting
from job._job import JOB


def main():
    overrides = json.loads(os.environ.get("KITCTL_OVERRIDES", "{}"))
    settings = {"epochs": 5, **JOB["settings"], **overrides}
    if os.environ.get("KITCTL_CHECK"):
        wrong = [
            {"setting": name, "value": value, "message": "not a whole number", "allowed": "1 to 9"}
            for name, value in settings.items()
            if not isinstance(value, int)
        ]
        print(json.dumps({"problems": wrong, "settings": settings}))
        return 3 if wrong else 0
    if os.environ.get("KITCTL_VERIFY"):
        epochs = Path("epochs.txt").read_text()
        print(json.dumps({"checks": [{"name": "epochs", "ok": epochs != "13", "detail": epochs}],
                          "metrics": {"loss": 0.5}, "epochs": int(epochs)}))
        return 0
    print("session 1")
    counting.count(settings["epochs"])
    Path("epochs.txt").write_text(str(settings["epochs"]))
    return 0


sys.exit(main())
"""

COUNTING = """
def count(epochs):
    for epoch in range(1, epochs + 1):
        print(f"epoch {epoch}/{epochs} loss 0.5", flush=True)
"""


def write_files(folder: Path, files: Mapping[str, str]) -> Path:
    """Write the files, dedented, below the folder; return the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")
    return folder


def single_script(folder: Path, script: str, **metadata: object) -> Path:
    """Write a project whose code is one script without a job.toml; return its folder."""
    values = {**METADATA, "code_file": "train.py", **metadata}
    return write_files(folder, {"kernel-metadata.json": json.dumps(values), "train.py": script})


def packed_job(
    folder: Path, files: Mapping[str, str] | None = None, *, job: str = "", **metadata: object
) -> Path:
    """Write a project with a package `job` and its job.toml; return its folder.

    `files` are added to it or replace its own.
    """
    return write_files(
        folder,
        {
            "kernel-metadata.json": json.dumps({**METADATA, **metadata}),
            "job/__init__.py": "",
            "job/job.toml": job,
            "job/main.py": MAIN,
            "job/counting.py": COUNTING,
            **(files or {}),
        },
    )
