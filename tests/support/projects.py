"""Small projects to pack, rehearse and push: written into a folder in a line or two."""

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
        ok = Path("epochs.txt").read_text() == str(settings["epochs"])
        said = Path("epochs.txt").read_text()
        print(json.dumps({"checks": [{"name": "epochs", "ok": said != "13", "detail": said}],
                          "metrics": {"loss": 0.5}, "epochs": int(said)}))
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
    """Writes the files, dedented, below the folder and returns the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")
    return folder


def lone_script(folder: Path, script: str, **metadata: object) -> Path:
    """A project whose code is one script without a job.toml."""
    said = {**METADATA, "code_file": "train.py", **metadata}
    return write_files(folder, {"kernel-metadata.json": json.dumps(said), "train.py": script})


def packed_job(
    folder: Path, files: Mapping[str, str] | None = None, *, job: str = "", **metadata: object
) -> Path:
    """A project with a package `job` beside a job.toml; `files` are added to it or replace it."""
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
