"""Measured processes: their wall time and peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measurement:
    """Wall time in seconds and peak memory in bytes of a finished process."""

    seconds: float
    peak_bytes: int


def measure(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str]
) -> Measurement:
    """Run a command to its end; exit with its output when it fails."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=folder, env=dict(environment), stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.wait()  # It has ended: this returns at once.
        if os.waitstatus_to_exitcode(status):
            output.seek(0)
            line = " ".join(map(str, command))
            sys.exit(f"{line} failed:\n{output.read().decode()[-3000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Measurement(seconds, usage.ru_maxrss * unit)
