"""A sweep whose kitctl is killed at any moment goes on: no trial is paid for twice, or lost."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.command_line import write_script
from support.local_kaggle import LocalKaggle

from kitctl.domain.runs.trials import TRIAL_VARIABLE

pytestmark = [pytest.mark.torture, pytest.mark.timeout(900)]

SWEEPS, KILLS, TRIALS = 2, 8, 6
MOST_LINES, LONGEST_SECONDS = 6, 1.0
# A sweep that waits for a push in doubt says nothing for 15 minutes.
MOST_SECONDS = 10.0
# A killed push that did not arrive is given up after 15 minutes of Kaggle's clock.
SETTLED_SECONDS = 1000.0
COMMAND = [
    *(sys.executable, "-m", "kitctl", "sweep", "--local", "--json", "--metric", "val_loss"),
    *("--trials", f"{TRIALS}", "--set", "lr=1e-5..1e-1:log", "--accelerator", "t4x2"),
]
TRAIN = """
import math, sys, time
lr = float(sys.argv[2])
for epoch in range(1, 6):
    time.sleep(0.2)
    print(f"epoch {epoch}/5 val_loss {abs(math.log10(lr) + 2) + 1 / epoch:.4f}", flush=True)
"""


@pytest.mark.parametrize("per_session", [1, 2])
def test_a_sweep_that_is_killed_at_any_moment_pushes_each_trial_once(
    local_kaggle: LocalKaggle, project: Path, chance: random.Random, per_session: int
) -> None:
    command = [*COMMAND, "--per-session", f"{per_session}", "--", "--lr", "{lr}"]
    local_kaggle.set_clock("2026-11-22T00:00:00Z")
    for number in range(SWEEPS):
        slug = f"swept-{number}"
        write_script(project, f"{TRAIN}# {number}", id=slug, title=f"Swept {number}")
        for _ in range(KILLS):
            kill_a_sweep(command, chance)
        data = finished_sweep(command, local_kaggle)
        assert [trial["trial"] for trial in data["trials"]] == list(range(TRIALS))
        assert all(trial["state"] in {"complete", "pruned"} for trial in data["trials"])
        versions = trials_of(local_kaggle, slug)
        pushed = sorted(trial for trials in versions for trial in trials)
        assert pushed == list(range(TRIALS)), "a trial was pushed twice, or is lost"
        for trial in data["trials"]:
            assert trial["trial"] in versions[trial["version"] - 1]
        complete = [trial["value"] for trial in data["trials"] if trial["state"] == "complete"]
        assert data["best"]["value"] == min(complete)


def kill_a_sweep(command: Sequence[str], chance: random.Random) -> None:
    """Start the command and kill it some time after a line that tells how far it is."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as killed:
        assert killed.stderr is not None
        latest = threading.Timer(MOST_SECONDS, killed.kill)
        latest.start()
        for _ in range(chance.randint(1, MOST_LINES)):
            killed.stderr.readline()
        time.sleep(chance.uniform(0, LONGEST_SECONDS))
        killed.kill()
        latest.cancel()


def finished_sweep(command: Sequence[str], server: LocalKaggle) -> Any:
    """Type the command until the sweep is done; return what it says."""
    server.advance(SETTLED_SECONDS)
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)["data"]


def trials_of(server: LocalKaggle, slug: str) -> list[list[int]]:
    """Return the numbers of the trials in each version's source."""
    newest = server.call("GetKernel", userName="local", kernelSlug=slug)
    numbers = []
    for version in range(1, newest["metadata"]["currentVersionNumber"] + 1):
        one = server.call(
            "GetKernel", userName="local", kernelSlug=slug, versionLabel=f"v{version}"
        )
        match = re.search(rf"'{TRIAL_VARIABLE}': '[0-9a-f]{{16}} ([\d ]+)'", one["blob"]["source"])
        assert match is not None
        numbers.append([int(number) for number in match[1].split()])
    return numbers
