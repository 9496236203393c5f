"""Fetch a job's packages as wheels, for a run without internet: resolved first, then by hash."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from kitctl.domain.job.image_packages import IN_IMAGE
from kitctl.errors import InvalidInput

IMAGE_PYTHON = "3.12"
"""The Python of Kaggle's image."""
_PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux2010", "manylinux1")
FETCH_SECONDS = 900.0


def fetch_wheels(requirements: Sequence[str], folder: Path, *, for_kaggle: bool) -> list[Path]:
    """Fetch wheels of the requirements and of what they need into the folder.

    Those for Kaggle fit its image, and leave out what that has; others fit this Python.

    Raises InvalidInput where there are no such wheels, or they cannot be fetched.
    """
    options = ["--only-binary=:all:"]
    if for_kaggle:
        options += ["--implementation", "cp", "--python-version", IMAGE_PYTHON]
        options += [word for name in _PLATFORMS for word in ("--platform", f"{name}_x86_64")]
    with tempfile.TemporaryDirectory(prefix="kitctl-") as scratch:
        report = Path(scratch, "report.json")
        target = ["--target", scratch] if for_kaggle else []
        arguments = ["install", "--dry-run", "--report", str(report), *target]
        _run_pip([*arguments, *options, *requirements], requirements)
        try:
            locked = _locked(json.loads(report.read_text("utf-8")), for_kaggle=for_kaggle)
        except KeyError:
            raise _failed(requirements, "an address of a repository gives no wheel.") from None
        if locked:
            lock = Path(scratch, "locked.txt")
            lock.write_text("\n".join(locked), "utf-8")
            arguments = ["download", "--no-deps", "--require-hashes", "--dest", str(folder)]
            _run_pip([*arguments, *options, "--requirement", str(lock)], requirements)
    return sorted(folder.glob("*.whl"))


def _locked(report: Mapping[str, Any], *, for_kaggle: bool) -> list[str]:
    """Return the wheels to fetch, each by its version and its hash."""
    lines = []
    for item in report["install"]:
        name = canonicalize_name(item["metadata"]["name"])
        if for_kaggle and name in IN_IMAGE:
            continue
        sha256 = item["download_info"]["archive_info"]["hashes"]["sha256"]
        lines.append(f"{name}=={item['metadata']['version']} --hash=sha256:{sha256}")
    return sorted(lines)


def _run_pip(arguments: Sequence[str], requirements: Sequence[str]) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--no-input"]
    try:
        process = subprocess.run(
            [*command, "--disable-pip-version-check"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=FETCH_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(requirements, f"{type(error).__name__}.") from None
    if process.returncode:
        errors = [line for line in process.stderr.splitlines() if line.startswith("ERROR: ")]
        raise _failed(requirements, " ".join(errors[-1:]).removeprefix("ERROR: "))


def _failed(requirements: Sequence[str], reason: str) -> InvalidInput:
    return InvalidInput(
        f"The packages for a run without internet could not be fetched "
        f"({', '.join(requirements)}): {reason}",
        code="wheels",
        hint="Set enable_internet to true, or leave them out: requirements = [] in [tool.kitctl] "
        "of pyproject.toml.",
    )
