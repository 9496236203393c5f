"""`kitctl --help` beside `kaggle --version`, cold: each a process of its own, in turns."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import table


def rows(*, quick: bool) -> list[table.Row]:
    """Start-up, the time of a whole process."""
    scripts = Path(sys.executable).parent
    ours, theirs = [scripts / "kitctl", "--help"], [scripts / "kaggle", "--version"]
    with tempfile.TemporaryDirectory(prefix="bench-startup-") as home:
        for command in (ours, theirs):
            seconds(command, home)
        ratios = [seconds(ours, home) / seconds(theirs, home) for _ in range(3 if quick else 9)]
    return [table.Row.of("`kitctl --help`", "`kaggle --version`", ratios, "≤ 0.6")]


def seconds(command: list[str | Path], home: str) -> float:
    """Seconds of one call, with a home that holds no credentials."""
    began = time.perf_counter()
    subprocess.run(
        command,
        env={"HOME": home, "PATH": ""},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - began


if __name__ == "__main__":
    table.main(rows)
