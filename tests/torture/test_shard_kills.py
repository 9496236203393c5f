"""A queue of shards whose kitctl is killed at any moment goes on: no shard twice, none lost."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from support.command_line import write_script
from support.local_kaggle import LocalKaggle

from kitctl.domain.runs.shards import shard_of_source

pytestmark = [pytest.mark.torture, pytest.mark.timeout(900)]

GROUPS, KILLS, SHARDS = 4, 5, 5
LONGEST_SECONDS = 4.0
COMMAND = [sys.executable, "-m", "kitctl", "push", "--local", "--json", "--shards", str(SHARDS)]

# Leaves the number of its shard, and takes some time.
LEAVE = """
import os, time
time.sleep(0.5)
number = os.environ["KITCTL_SHARD"].split("/")[0]
open("numbers.csv", "w").write(f"number\\n{number}\\n")
"""


def test_shards_whose_queue_is_killed_at_any_moment_run_once_each(
    local_kaggle: LocalKaggle, project: Path, chance: random.Random
) -> None:
    for number in range(GROUPS):
        local_kaggle.settings(queue_seconds=0)
        slug = f"sharded-{number}"
        gpu = {"enable_gpu": "true", "machine_shape": "NvidiaTeslaT4"} if number % 2 else {}
        write_script(project, f"{LEAVE}# {number}", id=slug, title=f"Sharded {number}", **gpu)
        for _ in range(KILLS):
            killed = subprocess.Popen(COMMAND, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0.3, LONGEST_SECONDS))
            killed.kill()
            killed.wait()
        finish(local_kaggle)
        expect_each_shard_once(local_kaggle, slug)


def finish(server: LocalKaggle) -> None:
    """Type the command until all shards are complete; a push that was cut off is settled late."""
    running = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        out, _ = running.communicate(timeout=40)
    except subprocess.TimeoutExpired:
        # It waits until Kaggle surely has not taken a push that was cut off.
        server.advance(1000)
        out, _ = running.communicate(timeout=200)
    assert running.returncode == 0, out


def expect_each_shard_once(server: LocalKaggle, slug: str) -> None:
    newest = server.call("GetKernel", userName="local", kernelSlug=slug)
    seen: Counter[int] = Counter()
    for version in range(1, newest["metadata"]["currentVersionNumber"] + 1):
        one = server.call(
            "GetKernel", userName="local", kernelSlug=slug, versionLabel=f"v{version}"
        )
        shard = shard_of_source(one["blob"]["source"])
        assert shard is not None
        seen[shard.number] += 1
    assert seen == Counter(range(1, SHARDS + 1))
    pull = [sys.executable, "-m", "kitctl", "pull-results", "--local", "--json", "--shards"]
    pulled = json.loads(subprocess.run(pull, capture_output=True, text=True, timeout=120).stdout)
    numbers = Path(pulled["data"]["out"], "numbers.csv").read_text("utf-8").split()
    assert numbers == ["number", *map(str, range(1, SHARDS + 1))]
