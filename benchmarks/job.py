"""Runs of the packed job in a folder with Kaggle's layout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from processes import Measurement, measure

PROJECT = Path(__file__).resolve().parent.parent


def run_job(working: Path, **settings: Any) -> tuple[dict[str, Any], Measurement]:
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
    measured = run_in(working, [sys.executable, package / "script.py"])
    return json.loads((working / "run.json").read_text("utf-8")), measured


def toml(value: Any) -> str:
    """Return a value as `--set` reads it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {toml(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    return json.dumps(value)


def run_in(working: Path, command: Sequence[str | Path]) -> Measurement:
    """Run a command in the job's working folder, as a rehearsal."""
    return measure(command, working, {**os.environ, "KITCTL_REHEARSAL": "1"})
