"""The folder in which a job's script runs on this machine: starting it, waiting, clearing up."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from kitctl.errors import Hint, InvalidInput, KitError, NextCommand, RunFailed
from kitctl.packing.bundle import Plan
from kitctl.ports import LocalRun, Runner

OnLine = Callable[[str, str, float], None]
"""Hears each line: its stream, the line with its newline, seconds since the start."""

WRONG_INPUT = 3
"""The exit code with which a packed job says that its settings or its data are wrong."""


def start(
    plan: Plan,
    mounts: Mapping[str, Path],
    root: Path,
    *,
    runner: Runner,
    environment: Mapping[str, str],
    on_line: OnLine,
) -> LocalRun:
    """Starts the plan's script as its metadata wants it."""
    return runner(
        root,
        plan.script,
        mounts,
        environment=environment,
        internet=plan.metadata.enable_internet,
        on_line=on_line,
        name=plan.script_name,
    )


def finish(run: LocalRun) -> int:
    """Waits in small steps, so that Ctrl-C is heard; it ends the run's whole tree."""
    try:
        while (code := run.wait(0.2)) is None:
            pass
    except BaseException:
        run.stop()
        raise
    return code


def clear_inputs(root: Path) -> None:
    """Removes the inputs, which are write-protected where they had to be copied."""
    for path in (root / "input", *(root / "input").rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(root / "input", ignore_errors=True)


def clear(root: Path) -> None:
    """Removes the folder."""
    clear_inputs(root)
    shutil.rmtree(root, ignore_errors=True)


def failure(plan: Plan, code: int, last: deque[str], hint: Hint) -> KitError:
    """What a script's exit code means, in its own last words."""
    sentence = next((line for line in reversed(last) if line.startswith("error: ")), "")
    sentence = sentence.removeprefix("error: ")
    if plan.packed and code == WRONG_INPUT and sentence:
        return InvalidInput(sentence, code="job_input", hint=hint)
    if any(line.startswith("ModuleNotFoundError") for line in last):
        hint = (NextCommand("doctor", note="says what to install here"), "   ", hint)
    told = sentence or "its last lines:\n" + "\n".join(f"    {line}" for line in last)
    return RunFailed(f"The script ended with exit code {code}: {told}", hint=hint)
