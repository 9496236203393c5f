"""Sweeps by trials: a script that trains, the command, and an impatient person."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import write_script

# Trains for some epochs; the loss is least at lr = 0.01.
TRAIN = """
import math, sys, time
lr = float(sys.argv[sys.argv.index("--lr") + 1])
for epoch in range(1, {epochs} + 1):
    time.sleep({seconds})
    print(f"epoch {{epoch}}/{epochs} loss {{1 / epoch:.4f}}"
          f" val_loss {{abs(math.log10(lr) + 2) + 1 / epoch:.4f}}", flush=True)
"""
SWEEP = ("sweep", "--local", "--metric", "val_loss", "--json")
LISTED = ("--set", "lr=1e-3,1e-2,1e-1")
SCRIPT = ("--", "--lr", "{lr}")
GPU = {"enable_gpu": "true", "machine_shape": "NvidiaTeslaT4"}


def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the trials more often than a user needs it."""
    monkeypatch.setattr("kitctl.operations.trials.run_trials.TICK_SECONDS", 0.02)
    monkeypatch.setattr("kitctl.operations.trials.watched_session.FIRST_POLL", 0.1)


def write_training(
    project: Path, *, epochs: int = 2, seconds: float = 0, **metadata: object
) -> None:
    write_script(project, TRAIN.format(epochs=epochs, seconds=seconds), **metadata)


def interrupt_after(monkeypatch: pytest.MonkeyPatch, pauses: int) -> None:
    """Press Ctrl-C after so many pauses."""
    left = iter(range(pauses))

    def sleep(seconds: float) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", sleep)
