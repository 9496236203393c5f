"""One run of the packed job in a folder laid out as Kaggle's, measured from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Measured:
    """A process that has ended: seconds of wall time, peak memory in bytes."""

    seconds: float
    peak_bytes: int


def run_job(working: Path, **settings: Any) -> tuple[dict[str, Any], Measured]:
    """Packs the job with these settings and runs it in `working`: its run.json, its cost.

    The inputs are `../input`, as on Kaggle; what is there is the caller's business.
    """
    package = working.with_name(working.name + "-package")
    sets = [word for name, value in settings.items() for word in ("--set", f"{name}={toml(value)}")]
    kitctl = [sys.executable, "-m", "kitctl", "--project", PROJECT, "--quiet"]
    subprocess.run(
        [*kitctl, "package", *sets, "--out", package], check=True, stdout=subprocess.DEVNULL
    )
    working.mkdir()
    measured = run([sys.executable, package / "script.py"], working)
    return json.loads((working / "run.json").read_text("utf-8")), measured


def toml(value: Any) -> str:
    """A value as `--set` reads it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {toml(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    return json.dumps(value)


def run(command: list[str | Path], folder: Path) -> Measured:
    """Runs a command to its end; its log is shown when it fails."""
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
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            words = " ".join(map(str, command))
            sys.exit(f"{words} failed:\n{log.read().decode()[-3000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Measured(time.perf_counter() - began, usage.ru_maxrss * unit)
