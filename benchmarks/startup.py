"""Compare the start-up of `kitctl --help` with `kaggle --version`: new processes, in turns."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import table


def rows(*, quick: bool) -> list[table.Row]:
    """Compare the time of whole processes."""
    scripts = Path(sys.executable).parent
    ours, theirs = [scripts / "kitctl", "--help"], [scripts / "kaggle", "--version"]
    with tempfile.TemporaryDirectory(prefix="bench-startup-") as home:
        for command in (ours, theirs):
            seconds(command, home)
        ratios = [seconds(ours, home) / seconds(theirs, home) for _ in range(3 if quick else 9)]
    return [table.Row.of("`kitctl --help`", "`kaggle --version`", ratios, "≤ 0.6")]


def seconds(command: list[str | Path], home: str) -> float:
    """Return the seconds of one call, in a home without credentials."""
    started = time.perf_counter()
    subprocess.run(
        command,
        env={"HOME": home, "PATH": ""},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - started


if __name__ == "__main__":
    table.main(rows)
