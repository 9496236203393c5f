"""Scripts and notebooks that the runner runs, and the lines that they print."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kitctl.sandbox import runner


class Printed:
    """The lines that a run prints: stream, text and seconds."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, float]] = []

    def __call__(self, stream: str, line: str, seconds: float) -> None:
        self.lines.append((stream, line, seconds))

    def text(self, stream: str = "stdout") -> str:
        return "".join(line for name, line, _ in self.lines if name == stream)


def run(
    root: Path, script: str, mounts: Mapping[str, Path] | None = None, **options: Any
) -> tuple[int | None, Printed, runner.SandboxRun]:
    """Run a script, dedented, to its end."""
    printed = Printed()
    arguments = {"environment": {}, "internet": False, **options}
    code = textwrap.dedent(script).encode()
    started = runner.start(root, code, mounts or {}, on_line=printed, **arguments)
    return started.wait(120), printed, started


def is_isolated(started: runner.SandboxRun) -> bool:
    return started.isolation.startswith("Isolated")
