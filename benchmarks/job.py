"""Measured processes, and runs of the packed job in a folder with Kaggle's layout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Measured:
    """Wall time in seconds and peak memory in bytes of a finished process."""

    seconds: float
    peak_bytes: int


def run_job(working: Path, **settings: Any) -> tuple[dict[str, Any], Measured]:
    """Package the job with these settings and run it in `working`; return its run.json and cost.

    The caller puts the inputs into `../input`, as on Kaggle.
    """
    package = working.with_name(working.name + "-package")
    options = [
        part for name, value in settings.items() for part in ("--set", f"{name}={toml(value)}")
    ]
    kitctl = [sys.executable, "-m", "kitctl", "--project", PROJECT, "--quiet"]
    subprocess.run(
        [*kitctl, "package", *options, "--out", package], check=True, stdout=subprocess.DEVNULL
    )
    working.mkdir()
    measured = run([sys.executable, package / "script.py"], working)
    return json.loads((working / "run.json").read_text("utf-8")), measured


def toml(value: Any) -> str:
    """Return a value as `--set` reads it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {toml(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    return json.dumps(value)


def run(command: Sequence[str | Path], folder: Path) -> Measured:
    """Run a command to its end, and exit with its log when it fails."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "KITCTL_REHEARSAL": "1"},
            stdout=log,
            stderr=log,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.wait()  # It has ended and been waited for; this only lets Popen know.
        if os.waitstatus_to_exitcode(status):
            log.seek(0)
            line = " ".join(map(str, command))
            sys.exit(f"{line} failed:\n{log.read().decode()[-3000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Measured(time.perf_counter() - began, usage.ru_maxrss * unit)
