"""Shell completion: the words that kitctl offers to a shell's script."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def complete(*words: str) -> list[str]:
    """Return the words that bash would offer for the last of these."""
    done = subprocess.run(
        [sys.executable, "-m", "kitctl"],
        env={
            "_KITCTL_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(["kitctl", *words]),
            "COMP_CWORD": str(len(words)),
        },
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return done.stdout.splitlines()


def test_commands_are_completed() -> None:
    assert complete("pu") == ["push", "pull-results"]


def test_the_options_of_a_command_are_completed() -> None:
    assert complete("push", "--f") == ["--follow", "--force"]


def test_the_names_of_accelerators_are_completed() -> None:
    assert complete("push", "--accelerator", "NvidiaH") == ["NvidiaH100"]
    assert complete("push", "--accelerator", "t") == ["t4x2", "tpu"]
