"""Python programs that run beside a test, with its modules."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent


def start_program(source: str, *arguments: str) -> subprocess.Popen[str]:
    """Start Python source code in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", source, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )


def finish_together(programs: Sequence[subprocess.Popen[str]]) -> list[str]:
    """Let all programs continue at the same time; return what each then printed, sorted.

    Each prints "ready" when it is, and then waits for a line on stdin.
    """
    for program in programs:
        assert program.stdout
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin
        program.stdin.write("go\n")
        program.stdin.flush()
    return sorted(program.communicate(timeout=60)[0].strip() for program in programs)
