"""Runs of the packed job in a folder with Kaggle's layout."""

from __future__ import annotations

import json
import os
import shutil
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
    package, _ = _package(working, settings)
    working.mkdir()
    measured = run_in(working, [sys.executable, package / "script.py"])
    return _run_json(working), measured


def finished_job(working: Path, **settings: Any) -> dict[str, Any]:
    """Return the run.json of the job in `working`, which runs unless it has, to its end.

    A run with another code or other settings is replaced.
    """
    package, identity = _package(working, settings)
    if (working / "manifest.json").exists() and _run_json(working)["script_sha256"] == identity:
        return _run_json(working)
    shutil.rmtree(working, ignore_errors=True)
    working.mkdir()
    run_in(working, [sys.executable, package / "script.py"])
    return _run_json(working)


def _package(working: Path, settings: dict[str, Any]) -> tuple[Path, str]:
    """Package the job beside `working`; return the folder and the hash of code and settings."""
    package = working.with_name(working.name + "-package")
    options = [
        part for name, value in settings.items() for part in ("--set", f"{name}={toml(value)}")
    ]
    kitctl = [sys.executable, "-m", "kitctl", "--project", PROJECT, "--quiet", "--json"]
    done = subprocess.run(
        [*kitctl, "package", *options, "--out", package], stdout=subprocess.PIPE, text=True
    )
    answer = json.loads(done.stdout)
    if done.returncode:
        sys.exit(answer["error"]["message"])
    return package, answer["data"]["script_sha256"]


def _run_json(working: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((working / "run.json").read_text("utf-8"))
    return content


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
